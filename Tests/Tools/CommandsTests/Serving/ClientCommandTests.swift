import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// `flotilla ask` and `flotilla bench serve`, as people call them, and what a request that is not streamed gets.
@Suite("Client commands", .serialized, .ownThread)
struct ClientCommandTests {
    @Test("ask --json --logprobs prints an END with the log-probabilities of every token")
    func askJSON() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let outcome = try FlotillaProgram.run(
                ["ask", "--server", server.path, "--json", "--logprobs", "2", "what is 3 plus 4?"],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let end = try JSONDecoder().decode(End.self, from: Data(outcome.output.utf8))
            #expect(end.text == "3 + 4 = 7.")
            let logprobs = try #require(end.logprobs)
            #expect(logprobs.count == end.usage.answer)
            // The likeliest token was taken each time.
            #expect(logprobs.allSatisfy { $0.top.count == 2 && $0.top[0].id == $0.id && $0.logprob <= 0 })
            // A drawn seed survives readers that know doubles only.
            #expect(end.seed < 1 << 53)
            let client = try server.connect()
            client.send(#"GENERATE s {"prompt":"what is 3 plus 4?","logprobs":2}"#)
            var streamed: [TokenLogprobs] = []
            let answer = try client.answer("s") { event in
                if case .text(_, let piece) = event { streamed += piece.logprobs ?? [] }
            }
            #expect(streamed == logprobs)
            #expect(answer.end?.logprobs == nil)
            #expect(server.end().status == 0)
        }
    }

    @Test("bench serve runs without pictures being named: with the demo model's own")
    func benchWithSamples() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let figures = directory.appendingPathComponent("figures.json")
            let outcome = try FlotillaProgram.run(
                [
                    "bench", "serve", "--server", server.path, "--concurrency", "2", "--requests", "6", "--json",
                    figures.path,
                ],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: figures.path))
            #expect(server.end().status == 0)
        }
    }
}
