import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Many requests at once, pictures that come again, and the end.
@Suite("Serving", .serialized, .ownThread)
struct ServingTests {
    static func picture(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Fixtures.url("../../Sources/Tools/DemoModel/Resources/samples/\(name)")))
    }

    /// Requests of every kind about the demo model's samples.
    static func bodies() throws -> [(json: String, pictures: [[UInt8]])] {
        [
            (#"{"prompt":"describe the image"}"#, [try picture("row.png")]),
            (#"{"prompt":"describe the image"}"#, [try picture("three-shapes.png")]),
            (#"{"prompt":"compute the expression","think":"on"}"#, [try picture("sum.png")]),
            (#"{"prompt":"what is 3 plus 4?"}"#, []),
            (#"{"prompt":"which colour is the sky?","temperature":3,"seed":5,"max_tokens":300}"#, []),
            (
                #"{"prompt":"describe the image","temperature":2,"top_k":40,"seed":6,"max_tokens":300}"#,
                [try picture("star.png")]
            ),
        ]
    }

    @Test("eighteen requests in any company, through a small cache, are what they are alone")
    func company() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // Room for two long answers: the others wait, or are pushed out and computed again.
            let server = try ServerProcess(
                ["--context", "1024", "--max-sequences", "6", "--decoder-ranks", "2"],
                in: directory
            )
            let bodies = try Self.bodies()
            let alone = try bodies.map { try server.ask($0.json, pictures: $0.pictures) }
            #expect(alone.allSatisfy { $0.end != nil })
            let client = try server.connect()
            for round in 0..<3 {
                for (index, body) in bodies.enumerated() {
                    for (place, picture) in body.pictures.enumerated() {
                        client.send("BLOB \(round).\(index) \(place) \(picture.count)")
                        client.send(picture + [10])
                    }
                    client.send("GENERATE \(round).\(index) \(body.json)")
                }
            }
            var found: [String: RawClient.Answer] = [:]
            while found.values.filter({ $0.end != nil || $0.error != nil }).count < 18 {
                let event = try client.event()
                guard let id = event.id?.description else { continue }
                switch event {
                case .text(_, let piece), .think(_, let piece): found[id, default: .init()].ids += piece.ids
                case .end(_, let end): found[id, default: .init()].end = end
                case .err(_, let error): found[id, default: .init()].error = error
                default: break
                }
            }
            for (id, answer) in found {
                let index = Int(id.split(separator: ".")[1]) ?? 0
                #expect(answer.ids == alone[index].ids && answer.end?.text == alone[index].end?.text, "request \(id)")
            }
            #expect(server.end().status == 0)
        }
    }

    @Test("the second question about a picture finds its pages and visual tokens, by blob or by digest")
    func secondTurn() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let row = try Self.picture("row.png")
            let first = try server.ask(#"{"prompt":"describe the image"}"#, pictures: [row])
            #expect(first.end?.usage.cached == 0)
            let again = try server.ask(#"{"prompt":"describe the image"}"#, pictures: [row])
            #expect(again.ids == first.ids)
            #expect(again.end?.usage.cached == 64)
            let digest = try Self.sha256(row, directory)
            let named = try server.ask(
                #"{"messages":[{"role":"user","content":[{"type":"image","sha256":"\#(digest)"},"#
                    + #"{"type":"text","text":"describe the image"}]}]}"#
            )
            #expect(named.ids == first.ids)
            let cache = try server.stats()["cache"] as? [String: Any]
            #expect(cache?["image_misses"] as? Int == 1)
            #expect(cache?["hits"] as? Int == 2)
            #expect(server.end().status == 0)
        }
    }

    /// From a program that is not ours.
    static func sha256(_ bytes: [UInt8], _ directory: URL) throws -> String {
        let file = directory.appendingPathComponent("picture")
        try Data(bytes).write(to: file)
        let output = directory.appendingPathComponent("digest")
        try ChildProcess("sha256sum", [file.path], output: .file(output)).waitUntilExit()
        let text = try String(contentsOf: output, encoding: .utf8)
        return String(text.prefix(64))
    }

    /// Of a model that does not end by itself.
    static let long = #"{"prompt":"tell me about the sea","max_tokens":20000,"speculate":false}"#

    @Test("CANCEL, a deadline and a closed connection stop the work; a half-closed one is finished")
    func stopping() throws {
        try RankLossTests.withEndlessModel { model, directory in
            let server = try ServerProcess(model: model.path, in: directory)
            func isIdle() -> Bool {
                Poll.until { ((try? server.stats()["requests"]) as? [String: Any])?["running"] as? Int == 0 }
            }
            let client = try server.connect()
            client.send("GENERATE a \(Self.long)")
            while true { if case .text = try client.event() { break } }
            client.send("CANCEL a")
            let cancelled = try client.answer("a")
            #expect(cancelled.end?.finish == "cancelled" && cancelled.end?.text.isEmpty == false)
            client.send("CANCEL a\nPING")
            #expect(try client.line() == "PONG", "a CANCEL behind the END is no mistake")
            client.send("GENERATE b \(Self.long.dropLast()),\"deadline_ms\":300}")
            #expect(try client.answer("b").end?.finish == "deadline")
            client.send("GENERATE c \(Self.long)")
            client.send("GENERATE c \(Self.long)")
            #expect(try client.answer("c").error?.code == .duplicateId)
            var gone: RawClient? = try server.connect()
            gone?.send("GENERATE d \(Self.long.dropLast()),\"stream\":false}")
            _ = try gone?.event()
            gone = nil
            client.send("CANCEL c")
            #expect(isIdle(), "something still runs for nobody")
            let half = try server.connect()
            half.send("GENERATE e {\"prompt\":\"tell me about the sea\",\"max_tokens\":50}")
            half.halfClose()
            #expect(try half.answer("e").end?.usage.generated == 50)
            #expect(half.isClosed())
            #expect(server.end().status == 0)
        }
    }

    @Test("SIGTERM and SIGUSR1 finish what runs; a second SIGTERM and SHUTDOWN stop at once, with an ERR to everyone")
    func ending() throws {
        try RankLossTests.withEndlessModel { model, directory in
            let short = Self.long.replacing("20000", with: "1000")
            for signal in [SIGTERM, SIGUSR1] {
                let server = try ServerProcess(model: model.path, in: directory)
                let client = try server.connect()
                client.send("GENERATE a \(short)")
                while true { if case .text = try client.event() { break } }
                kill(server.running.process.processIdentifier, signal)
                var noted = false
                // It may have ended by now.
                let late = RawClient(path: server.path)
                let answer = try client.answer("a") { if case .note(let note) = $0 { noted = note.state == .draining } }
                #expect(answer.end?.usage.generated == 1000 && noted)
                late?.send("GENERATE a \(short)")
                let refusal = try? late?.answer("a").error?.code
                #expect(refusal == nil || refusal == .draining)
                #expect(server.running.wait().status == 0)
            }
            let twice = try ServerProcess(model: model.path, in: directory)
            let client = try twice.connect()
            client.send("GENERATE a \(Self.long)")
            while true { if case .text = try client.event() { break } }
            kill(twice.running.process.processIdentifier, SIGTERM)
            while true { if case .note = try client.event() { break } }
            kill(twice.running.process.processIdentifier, SIGTERM)
            #expect(try client.answer("a").error != nil)
            let outcome = twice.running.wait()
            #expect(outcome.wasSignalled && outcome.status == SIGTERM)
            let told = try ServerProcess(model: model.path, in: directory)
            let other = try told.connect()
            other.send("GENERATE a \(Self.long)")
            _ = try other.event()
            try told.connect().send("SHUTDOWN")
            #expect(try other.answer("a").error != nil)
            #expect(told.running.wait().status == 0)
        }
    }

    @Test("thinking keeps to its budget, and END says that it was cut")
    func thinkBudget() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let body = #"{"prompt":"compute the expression","think":"on","think_budget":5}"#
            let answer = try server.ask(body, pictures: [try Self.picture("sum.png")])
            #expect(answer.end?.usage.thinking == 5)
            #expect(answer.end?.thinkingCut == "budget")
            #expect(answer.end?.thinking.isEmpty == false)
            #expect(server.end().status == 0)
        }
    }

    @Test("an address in use, a missing token and a bad option end with one sentence and their codes")
    func badStarts() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let cases: [([String], Int32, String)] = [
                (["--unix", server.path], 8, "in use"), (["--listen", "0.0.0.0:0"], 2, "token"),
                (["--listen", "nonsense"], 2, "HOST:PORT"), (["--decoder-ranks", "7"], 2, "query heads"),
                (["--image-directory", "/nowhere/at/all"], 2, "not a directory"),
            ]
            for (options, status, word) in cases {
                let outcome = try FlotillaProgram.run(["serve", "--model", "demo"] + options, in: directory)
                #expect(outcome.status == status && outcome.errors.contains(word), "\(options): \(outcome.errors)")
            }
            #expect(server.end().status == 0)
        }
    }
}
