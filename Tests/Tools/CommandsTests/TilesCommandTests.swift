import Foundation
import TestSupport
import Testing

/// `flotilla tiles` as another program sees it.
@Suite("tiles", .serialized, .ownThread)
struct TilesCommandTests {
    private static func run(_ arguments: [String]) throws -> FlotillaProgram.Outcome {
        try Fixtures.withTemporaryDirectory { directory in
            try FlotillaProgram.run(["tiles"] + arguments, in: directory, from: Fixtures.url("images"))
        }
    }

    private static func objects(_ json: String) throws -> [NSDictionary] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [NSDictionary])
    }

    @Test("--json prints the documented keys, for the settings of the checkpoint")
    func json() throws {
        let model = Fixtures.url("mini-f32").path
        let outcome = try Self.run(["--model", model, "tall.png", "dot.png", "cmyk.jpg", "--json"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let golden = try Self.objects(String(contentsOf: Fixtures.url("images/expected.json"), encoding: .utf8))
        let found = try Self.objects(outcome.output)
        #expect(found.map { $0["file"] as? String } == ["tall.png", "dot.png", "cmyk.jpg"])
        for object in found {
            let expected = try #require(
                golden.first { $0["file"] as? String == object["file"] as? String && $0["side"] as? Int == 56 }
            )
            #expect(
                Set(object.allKeys.compactMap { $0 as? String }) == ["file", "size", "grid", "tiles", "rgb_sha256"]
            )
            for (key, value) in object { #expect((value as? NSObject) == (expected[key] as? NSObject), "\(key)") }
        }
    }

    @Test("turned, at two scales, RGB first: the grids and tiles of Pillow, and the picture's size after turning")
    func cuts() throws {
        let name = "rotated_exif.jpg"
        let options = ["--side", "28", "--max-tiles", "12", "--orient", "--rgb-first", "--tiling", "msac", "--json"]
        let found = try #require(try Self.objects(Self.run([name] + options).output).first)
        let golden = try Self.objects(String(contentsOf: Fixtures.url("images/cuts/expected.json"), encoding: .utf8))
        let expected = try #require(
            golden.first { $0["file"] as? String == name && $0["orient"] as? Bool == true && $0["side"] as? Int == 28 }
        )
        for key in ["size", "grid", "rgb_sha256"] { #expect((found[key] as? NSObject) == (expected[key] as? NSObject)) }
        #expect((found["second_grid"] as? NSObject) == (expected["second"] as? NSObject))
    }

    @Test("--out writes a PNG a tile, and a name that occurs twice gets a number")
    func out() throws {
        try Fixtures.withTemporaryDirectory { folder in
            let twice = ["thin.png", "thin.png", "dot.png"]
            let outcome = try Self.run(twice + ["--side", "20", "--max-tiles", "2", "--out", folder.path])
            #expect(outcome.status == 0)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(
                names == [
                    "dot-tile-00.png", "thin-2-thumbnail.png", "thin-2-tile-00.png", "thin-2-tile-01.png",
                    "thin-thumbnail.png", "thin-tile-00.png", "thin-tile-01.png",
                ]
            )
        }
    }

    @Test(
        "A bad image or option ends with exit code 2, its name in one sentence, and nothing on standard output",
        arguments: [
            (["dot.png", "none.png", "--json"], "flotilla: none.png: no such file\n"),
            (["."], "flotilla: .: this is a directory, not an image\n"),
            (["dot.png", "--tiling", "pan"], "flotilla: --tiling is pan, expected default or msac\n"),
            (["dot.png", "--side", "0"], "flotilla: --side is 0, expected 1 to 2048\n"),
            (
                ["tall.png", "--max-pixels", "100"],
                "flotilla: tall.png: the image has 130×700 pixels, the limit is 100 in all\n"
            ),
        ]
    )
    func refused(arguments: [String], sentence: String) throws {
        let outcome = try Self.run(arguments)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix(sentence))
    }

    @Test("A checkpoint without a preprocessor_config.json ends with exit code 4")
    func checkpoint() throws {
        let outcome = try Self.run(["--model", Fixtures.url("images").path, "dot.png"])
        #expect(outcome.status == 4 && outcome.output.isEmpty)
    }
}
