import Foundation
import Requests
import TestSupport
import Testing

@Suite("Conversations that come back", .serialized, .ownThread)
struct ConversationTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let ranks: Int
        let kv: String
        let hasPicture: Bool
        var options: [String] { ["--decoder-ranks", "\(ranks)", "--kv", kv] }
        var testDescription: String { "\(ranks) ranks, \(kv)\(hasPicture ? ", with a picture" : "")" }
    }

    static let settings = [
        Setting(ranks: 1, kv: "f32", hasPicture: true), Setting(ranks: 2, kv: "f16", hasPicture: false),
        Setting(ranks: 3, kv: "q8", hasPicture: true), Setting(ranks: 3, kv: "f16", hasPicture: true),
    ]

    @Test(
        "the second question after a restart has the bytes it would have had, and its beginning from disk",
        arguments: settings
    )
    func restart(setting: Setting) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let first = DiskServing.body("a", hasPicture: setting.hasPicture)
            let plain = try DiskServing.server(setting.options, in: directory)
            let expected = try DiskServing.ask(plain, first)
            let second = DiskServing.body("a", behind: expected.end?.text, hasPicture: setting.hasPicture)
            let expectedSecond = try DiskServing.ask(plain, second)
            #expect(try DiskServing.disk(plain).isEmpty)
            #expect(plain.end().status == 0)
            for round in 0..<2 {
                let server = try DiskServing.server(setting.options, pages: pages, in: directory)
                let seen = try DiskServing.ask(server, round == 0 ? first : second)
                if round == 0 { DiskServing.settle(server, seen) }
                #expect(seen.ids == (round == 0 ? expected : expectedSecond).ids)
                #expect(seen.end?.text == (round == 0 ? expected : expectedSecond).end?.text)
                if round == 1 {
                    #expect(seen.told >= 64 && seen.cached == seen.told, "\(seen.told), \(seen.cached)")
                    #expect(try DiskServing.count("read", server) == seen.cached / 64)
                    // All of the picture's keys and values are there: nobody looks at it again.
                    if setting.hasPicture {
                        let cache = try server.stats()["cache"] as? [String: Any]
                        #expect(cache?["image_misses"] as? Int == 0)
                    }
                }
                #expect(server.end().status == 0)
                #expect(!DiskServing.files(pages).isEmpty && DiskServing.files(pages, ".part").isEmpty)
            }
        }
    }

    @Test("pages of another format or number of ranks are not taken, and are still there for the first")
    func others() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let body = DiskServing.body("b")
            var answers: [[Int32]] = []
            let first = ["--kv", "f16"]
            let groups = [first, ["--kv", "q8"], ["--decoder-ranks", "2"], ["--format", "q8"], first]
            for (place, options) in groups.enumerated() {
                let server = try DiskServing.server(options, pages: pages, in: directory)
                let seen = try DiskServing.ask(server, body)
                #expect(place == 4 ? seen.cached >= 64 : seen.cached == 0, "\(options): \(seen.cached)")
                #expect(place == 4 ? seen.told == seen.cached : seen.told == 0)
                answers.append(seen.ids)
                DiskServing.settle(server, seen)
                #expect(server.end().status == 0)
            }
            #expect(answers[0] == answers[4] && answers[0] == answers[2])
            #expect(Set(DiskServing.files(pages).map { $0.prefix(40) }).count == 5)
        }
    }

    @Test("damaged, cut and foreign files are computed again, with a word in the log, and the answer is the same")
    func damage() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let options = ["--decoder-ranks", "2"]
            let body = DiskServing.body("c", hasPicture: true)
            var server = try DiskServing.server(options, pages: pages, in: directory)
            let expected = try DiskServing.ask(server, body)
            DiskServing.settle(server, expected)
            #expect(server.end().status == 0)
            for (place, name) in DiskServing.files(pages).enumerated() {
                let file = URL(fileURLWithPath: "\(pages)/\(name)")
                var bytes = try Data(contentsOf: file)
                // Of the two ranks' files of a page only one is damaged.
                if place % 3 == 0 { bytes[bytes.count / 2] ^= 1 }
                if place % 7 == 6 { bytes = bytes.prefix(bytes.count / 2) }
                try bytes.write(to: file)
            }
            let folder = "\(pages)/\(try #require(DiskServing.files(pages).first).split(separator: "/")[0])"
            try Data("not a page".utf8).write(to: URL(fileURLWithPath: "\(folder)/notes.page"))
            server = try DiskServing.server(options, pages: pages, in: directory)
            let mended = try DiskServing.ask(server, body)
            #expect(mended.ids == expected.ids)
            #expect(try DiskServing.count("refused", server) > 0)
            DiskServing.settle(server, mended)
            #expect(server.end().status == 0)
            #expect(server.errors.contains("a page on disk is damaged"), "\(server.errors)")
            #expect(server.errors.contains("ignored that are no pages"), "\(server.errors)")
            server = try DiskServing.server(options, pages: pages, in: directory)
            let again = try DiskServing.ask(server, body)
            #expect(again.ids == expected.ids && again.cached >= 64)
            #expect(try DiskServing.count("refused", server) == 0)
            #expect(server.end().status == 0)
        }
    }

    @Test("what a small memory pushed out comes back within the life of a server")
    func pressure() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let options = ["--decoder-ranks", "3", "--context", "320", "--max-sequences", "2"]
            let plain = try DiskServing.server(options, in: directory)
            let server = try DiskServing.server(options, pages: pages, in: directory)
            var count = 0
            for round in 0..<3 {
                for name in ["d", "e", "f", "g", "h", "i", "j", "k"] {
                    let body = DiskServing.body("\(name)\(name)\(name)")
                    let (expected, seen) = (try DiskServing.ask(plain, body), try DiskServing.ask(server, body))
                    #expect(seen.ids == expected.ids, "\(name) in round \(round)")
                    guard round > 0 else {
                        count += (seen.end?.usage.prompt ?? 0) / 64
                        DiskServing.settle(server, pages: count)
                        continue
                    }
                    guard try DiskServing.reads(server) else { continue }
                    #expect(seen.cached >= 64 && expected.cached < seen.cached, "\(name) in round \(round)")
                }
            }
            #expect(try DiskServing.count("read", server) > 8 || !DiskServing.reads(server))
            #expect(try DiskServing.count("written", server) >= 4)
            #expect(server.end().status == 0 && plain.end().status == 0)
        }
    }
}
