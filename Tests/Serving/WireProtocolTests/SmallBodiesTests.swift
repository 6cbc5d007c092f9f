import Requests
import Testing

@testable import WireProtocol

struct SmallBodiesTests {
    @Test("TOKENIZE takes text as text unless it is told otherwise")
    func tokenize() throws {
        #expect(try !TokenizeBody(json: "{\"text\":\"a\"}").special)
        #expect(try TokenizeBody(json: "{\"text\":\"a\",\"special\":true}").special)
        #expect(throws: RequestError.self) { try TokenizeBody(json: "{\"special\":true}") }
    }

    @Test(
        "DETOKENIZE takes 32-bit numbers",
        arguments: ["{}", "{\"ids\":[1.5]}", "{\"ids\":[2147483648]}", "{\"ids\":7}"]
    )
    func detokenize(json: String) throws {
        #expect(try DetokenizeBody(json: "{\"ids\":[0,2147483647]}").ids == [0, .max])
        #expect(#expect(throws: RequestError.self) { try DetokenizeBody(json: json) }?.code == .badArgument)
    }

    @Test("DRAIN's deadline")
    func drain() throws {
        #expect(try DrainBody(json: "{}").deadlineMilliseconds == nil)
        #expect(try DrainBody(json: "{\"deadline_ms\":0}").deadlineMilliseconds == 0)
        #expect(throws: RequestError.self) { try DrainBody(json: "{\"deadline_ms\":-1}") }
    }
}
