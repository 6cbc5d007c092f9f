import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// The same picture, cut in several ways, in one server whose caches know it.
@Suite("Cuts of pictures", .serialized, .ownThread)
struct PictureCutServingTests {
    private static let cuts = [
        "", #","orient":true"#, #","rgb_first":true"#, #","tiling":"msac""#, #","tiling":"msac","orient":true"#,
        #","max_tiles":3"#,
    ]

    private struct Seen: Equatable {
        let tiles: [Int]
        let grid: [[Int]]?
        let secondGrid: [[Int]?]?
        let logprobs: [TokenLogprobs]?
    }

    /// Asks about a picture in every way, in an order.
    private static func ask(_ server: ServerProcess, _ picture: [UInt8], _ order: [Int]) throws -> [Int: Seen] {
        var found: [Int: Seen] = [:]
        for index in order {
            let client = try server.connect()
            client.send("BLOB r 0 \(picture.count)")
            client.send(picture + [10])
            client.send(
                #"GENERATE r {"prompt":"describe the image","max_tokens":6,"logprobs":1,"stream":false\#(cuts[index])}"#
            )
            var ack: Ack?
            let answer = try client.answer("r") { if case .ack(_, let found) = $0 { ack = found } }
            let end = try #require(answer.end, "\(String(describing: answer.error))")
            let seen = try #require(ack)
            found[index] = Seen(
                tiles: seen.tiles,
                grid: seen.grid,
                secondGrid: seen.secondGrid,
                logprobs: end.logprobs
            )
        }
        return found
    }

    @Test("Visual tokens and pages of one cut are never taken for another's: any order gives the same numbers")
    func caches() throws {
        for name in ["rotated_exif.jpg", "alpha.png"] {
            let picture = [UInt8](try Data(contentsOf: Fixtures.url("images/\(name)")))
            try Fixtures.withTemporaryDirectory { directory in
                let forwards = Array(Self.cuts.indices)
                var runs: [[Int: Seen]] = []
                for order in [forwards, forwards.reversed()] {
                    let server = try ServerProcess(["--context", "16384"], in: directory)
                    runs.append(try Self.ask(server, picture, order))
                    #expect(try Self.ask(server, picture, order) == runs.last, "and from the caches once more")
                    #expect(server.end().status == 0)
                }
                #expect(runs[0] == runs[1])
                let seen = runs[0]
                let plain = try #require(seen[0])
                #expect(plain.secondGrid == nil && seen[3]?.secondGrid != nil)
                #expect(seen[3]?.grid == plain.grid && seen[5]?.tiles != plain.tiles)
                if name == "rotated_exif.jpg" {
                    #expect(seen[1]?.grid != plain.grid, "what was broad is high")
                    #expect(seen[1]?.logprobs != plain.logprobs, "turned, it is another picture")
                } else {
                    #expect(seen[1] == plain && seen[2]?.logprobs != plain.logprobs, "it has alpha, and no EXIF")
                }
                #expect(seen[3]?.logprobs != plain.logprobs)
            }
        }
    }

    @Test("ask and generate with the same options say the same; COUNT knows the grids beforehand")
    func commands() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let picture = Fixtures.url("images/rotated_exif.jpg").path
            let options = ["--image", picture, "--orient", "--rgb-first", "--tiling", "msac", "--max-tokens", "12"]
            let generated = try FlotillaProgram.run(
                ["generate", "--model", "demo", "--prompt", "describe the image", "--json"] + options,
                in: directory
            )
            let object = try JSONSerialization.jsonObject(with: Data(generated.output.utf8)) as? [String: Any]
            let server = try ServerProcess(["--context", "16384"], in: directory)
            let asked = try FlotillaProgram.run(
                ["ask", "--server", server.path, "--json"] + options + ["describe the image"],
                in: directory
            )
            let end = try JSONDecoder().decode(End.self, from: Data(asked.output.utf8))
            #expect(object?["answer"] as? String == end.text, "\(generated.errors) \(asked.errors)")
            let client = try server.connect()
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: picture)))
            client.send("BLOB c 0 \(bytes.count)")
            client.send(bytes + [10])
            client.send(
                #"COUNT c {"messages":[{"role":"user","content":[{"type":"image","blob":0,"orient":true},"#
                    + #"{"type":"text","text":"x"}]}],"tiling":"msac"}"#
            )
            guard case .ok(_, let json) = try client.event() else { throw RawClient.Closed() }
            let count = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            let tiles = object?["tiles"] as? [Int]
            #expect(count?["tiles"] as? [Int] == tiles && (count?["grid"] as? [[Int]])?.count == 1)
            #expect((count?["second_grid"] as? [[Int]])?.count == 1)
            #expect(server.end().status == 0)
        }
    }
}
