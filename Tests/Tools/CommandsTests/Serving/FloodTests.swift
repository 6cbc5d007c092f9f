import Foundation
import Requests
import Synchronization
import TestSupport
import Testing
import WireProtocol

/// Clients that ask for more than their share, and others beside them.
@Suite("Floods", .serialized, .ownThread)
struct FloodTests {
    /// A line that takes the server a while.
    static let text = Array("TOKENIZE t {\"text\":\"\(String(repeating: "ab cd ", count: 150_000))\"}\n".utf8)
    static let plain = #"{"prompt":"what is 3 plus 4?"}"#

    @Test(
        "a flood on one connection holds up neither another's answer nor its control verbs",
        arguments: ["text", "METRICS", "PING"]
    )
    func flood(of kind: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let other = try server.connect()
            other.send("GENERATE first \(Self.plain)")
            #expect(try other.answer("first").end?.text == "3 + 4 = 7.")
            let hog = try server.connect()
            // It goes on until the others have their answers: where these had to wait for its end, they would never come.
            let isOver = Mutex(false)
            let chunk = kind == "text" ? Self.text : Array(String(repeating: "\(kind)\n", count: 10_000).utf8)
            let sending = Thread { while !isOver.withLock({ $0 }) { hog.send(chunk) } }
            let reading = Thread { while (try? hog.line()) != nil {} }
            sending.start()
            reading.start()
            Thread.sleep(forTimeInterval: 0.5)
            for number in 0..<5 {
                other.send("GENERATE r\(number) \(Self.plain)")
                #expect(try other.answer("r\(number)").end?.text == "3 + 4 = 7.")
                other.send("PING")
                #expect(try other.line() == "PONG")
            }
            isOver.withLock { $0 = true }
            hog.halfClose()
            #expect(server.end().status == 0)
        }
    }
}
