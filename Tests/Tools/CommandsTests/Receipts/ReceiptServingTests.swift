import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Receipts of a server.
@Suite("Receipts that a server gives", .serialized, .ownThread)
struct ReceiptServingTests {
    /// Asks, and kills a rank once some tokens have come.
    private static func answer(_ server: ServerProcess, _ body: String, killing rank: Int?) throws -> End {
        let client = try server.connect()
        client.send("GENERATE r \(body)")
        var (count, hasKilled) = (0, rank == nil)
        while true {
            switch try client.event() {
            case .text(_, let piece), .think(_, let piece): count += piece.ids.count
            case .end(_, let end): return end
            case .err(_, let error): throw error
            default: break
            }
            if !hasKilled, count > 20, let rank {
                hasKilled = true
                kill(try #require(try server.ranks()[rank]), SIGKILL)
            }
        }
    }

    @Test("the same receipt through the loss of ranks, sampled and greedy, which plain C confirms")
    func replayed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = Fixtures.url("mini-bf16").path
            let server = try ServerProcess(
                model: model,
                ["--decoder-ranks", "3", "--context", "16384", "--receipt"],
                in: directory
            )
            let bodies = [
                #"{"prompt":"tell me about the sea","seed":4"#,
                #"{"prompt":"a story","temperature":1.1,"top_p":0.9,"repetition_penalty":1.1,"seed":10"#,
            ]
            for (number, question) in bodies.enumerated() {
                var body = ""
                var lost: End?
                // Where an answer was over before its rank was, a longer one is tried.
                for tokens in [900, 2700, 8100] where lost?.replays ?? 0 == 0 {
                    try server.waitUntil(.ready)
                    body = question + #","max_tokens":\#(tokens),"speculate":false}"#
                    lost = try Self.answer(server, body, killing: 2 - number)
                }
                #expect(lost?.replays == 1)
                let plain = try Self.answer(server, body, killing: nil)
                let receipt = try #require(plain.receipt, "the server gives receipts to all")
                #expect(lost?.receipt == receipt)
                let outcome = try ReceiptRuns.verify(receipt, ["--model", model], in: directory, kernels: "ref")
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(server.end().status == 0)
        }
    }

    @Test("over the line and over HTTP, whole and streamed, where they are asked for, and the same")
    func asked() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let bytes = try Bodies.sampleBytes()
            let members = #""think":"on","seed":18446744073709551615,"temperature":0.7,"max_tokens":60,"receipt":true"#
            let line = try server.ask(#"{"prompt":"compute the expression",\#(members)}"#, pictures: [bytes])
            let receipt = try #require(line.end?.receipt)
            #expect(receipt.request.seed == .max && receipt.pictures.count == 1)
            let body = Bodies.pictures([Bodies.dataURL(bytes)], "compute the expression", members)
            let whole = try server.chat(body)
            let stream = try server.chat(String(body.dropLast()) + #","stream":true}"#)
            let last = try #require(stream.text.split(separator: "\n").last { $0.contains("flotilla_receipt") })
            let answers = [whole.text, String(last.dropFirst("data: ".count))]
            for text in answers { #expect(try Receipt(json: Data(text.utf8), place: "it") == receipt) }
            let outcome = try ReceiptRuns.verify(
                file: try ReceiptRuns.file(answers.joined(separator: "\n"), in: directory),
                ["--model", "demo", "--image", ReceiptRuns.sum],
                in: directory
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try server.ask(#"{"prompt":"what is 3 plus 4?"}"#).end?.receipt == nil)
            #expect(server.end().status == 0)
        }
    }

    @Test("what was cut off by a deadline or a cancel is confirmed as far as it came")
    func cutOff() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = Fixtures.url("mini-bf16").path
            let server = try ServerProcess(model: model, ["--context", "16384"], in: directory)
            let client = try server.connect()
            client.send(#"GENERATE r {"prompt":"tell me","max_tokens":12000,"speculate":false,"receipt":true}"#)
            var receipt: Receipt?
            var hasCancelled = false
            while receipt == nil {
                switch try client.event() {
                case .text where !hasCancelled, .think where !hasCancelled:
                    client.send("CANCEL r")
                    hasCancelled = true
                case .end(_, let end): receipt = end.receipt
                default: break
                }
            }
            #expect(receipt?.answer.finish == .cancelled)
            let outcome = try ReceiptRuns.verify(try #require(receipt), ["--model", model], in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(server.end().status == 0)
        }
    }
}
