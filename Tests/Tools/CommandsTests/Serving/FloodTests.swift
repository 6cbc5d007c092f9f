import Foundation
import TestSupport
import Testing
import WireProtocol
import Requests

/// Clients that ask for more than their share, and others beside them.
@Suite("Floods", .serialized)
struct FloodTests {
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
            let sending = Thread {
                // Each of these takes seconds or minutes altogether.
                for number in 0..<200 {
                    switch kind {
                    case "text":
                        hog.send("TOKENIZE t\(number) {\"text\":\"\(String(repeating: "ab cd ", count: 150_000))\"}")
                    default: hog.send(String(repeating: "\(kind)\n", count: 10_000) + "PING")
                    }
                }
            }
            let reading = Thread { while (try? hog.line(within: 60)) != nil {} }
            sending.start()
            reading.start()
            Thread.sleep(forTimeInterval: 0.5)
            for number in 0..<5 {
                let start = Date()
                other.send("GENERATE r\(number) \(Self.plain)")
                #expect(try other.answer("r\(number)").end?.text == "3 + 4 = 7.")
                other.send("PING")
                #expect(try other.line() == "PONG")
                #expect(Date().timeIntervalSince(start) < 2, "\(kind) \(number)")
            }
            hog.halfClose()
            let start = Date()
            #expect(server.end().status == 0)
            #expect(Date().timeIntervalSince(start) < 10)
        }
    }
}
