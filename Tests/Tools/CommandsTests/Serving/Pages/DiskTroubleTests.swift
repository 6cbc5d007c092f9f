import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

@Suite("Pages on disk: full disks, kills, neighbours", .serialized, .ownThread)
struct DiskTroubleTests {
    /// Asks both servers the same questions, one after the other.
    private static func compare(_ server: ServerProcess, _ plain: ServerProcess, _ names: [String]) throws {
        for name in names {
            let body = DiskServing.body(name)
            let seen = try DiskServing.ask(server, body).ids
            let expected = try DiskServing.ask(plain, body).ids
            #expect(seen == expected, "\(name)")
        }
    }

    @Test("killed while it writes, a server leaves a directory that the next one uses")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let options = ["--decoder-ranks", "2"]
            let plain = try DiskServing.server(options, in: directory)
            for round in 0..<4 {
                let server = try DiskServing.server(options, pages: pages, in: directory)
                try Self.compare(server, plain, ["0", "1", "2", "3"].map { "\(round % 2) \($0) kill" })
                DiskServing.settle(server, pages: 4)
                // A long answer is being written, and its pages with it.
                let client = try server.connect()
                client.send(#"GENERATE k {"prompt":"\#(DiskServing.text)","max_tokens":3000,"speculate":false}"#)
                try DiskServing.follow(client, events: 50 + 17 * round)
                let ranks = try server.ranks()
                for pid in ranks.values { kill(pid, SIGKILL) }
                #expect(server.end(by: SIGKILL).wasSignalled)
            }
            let server = try DiskServing.server(options, pages: pages, in: directory)
            let body = DiskServing.body("0 0 kill")
            let (seen, expected) = (try DiskServing.ask(server, body), try DiskServing.ask(plain, body))
            #expect(seen.ids == expected.ids && seen.cached >= 64)
            #expect(DiskServing.files(pages, ".part").isEmpty)
            #expect(server.end().status == 0 && plain.end().status == 0)
        }
    }

    @Test("a rank that is killed costs no byte, and the new group reads what the old one wrote")
    func rankLost() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let server = try DiskServing.server(["--decoder-ranks", "3"], pages: pages, in: directory)
            let body = DiskServing.body("lost", hasPicture: true)
            let expected = try DiskServing.ask(server, body)
            #expect(Poll.until { ((try? DiskServing.count("written", server)) ?? 0) >= 2 })
            kill(try #require(try server.ranks()[1]), SIGKILL)
            let seen = try DiskServing.ask(server, body)
            #expect(seen.ids == expected.ids && seen.cached >= 64)
            #expect(try DiskServing.count("read", server) >= 1)
            #expect(server.end().status == 0)
        }
    }

    @Test(
        "a full disk ends the writing with one line, and no answer",
        .enabled(if: MountNamespace.isAllowed, "needs to be root, to mount a small file system")
    )
    func full() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let plain = try DiskServing.server(in: directory)
            let mounted = #"mount -t tmpfs -o size=400k tmpfs "\#(pages)" && exec "$0" "$@""#
            let server = try DiskServing.server(
                pages: pages,
                in: directory,
                script: #"exec unshare -m sh -c '\#(mounted)' "$0" "$@""#
            )
            try Self.compare(server, plain, ["one", "two", "three", "four", "five", "one"])
            #expect(Poll.until { (try? DiskServing.disk(server)["writing"] as? Bool) == false })
            let line = "pages are no longer written to disk: no room on the disk"
            #expect(Poll.until { server.errors.contains(line) })
            #expect(server.errors.components(separatedBy: line).count == 2)
            #expect(server.end().status == 0 && plain.end().status == 0)
        }
    }

    @Test("two servers and two groups on one directory do not touch each other's pages")
    func neighbours() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let first = try DiskServing.server(pages: pages, in: directory)
            let second = try DiskServing.server(["--groups", "2"], pages: pages, in: directory)
            let body = DiskServing.body("h")
            let expected = try DiskServing.ask(first, body)
            DiskServing.settle(first, expected)
            for _ in 0..<3 {
                let seen = try DiskServing.ask(second, body)
                #expect(seen.ids == expected.ids)
            }
            #expect(first.end().status == 0 && second.end().status == 0)
            let folders = Set(DiskServing.files(pages, "/lock").map { String($0.dropLast(5).suffix(2)) })
            #expect(folders == ["-0", "-1", "-2"], "\(folders)")
            let third = try DiskServing.server(pages: pages, in: directory)
            let seen = try DiskServing.ask(third, body)
            #expect(seen.ids == expected.ids && seen.cached >= 64)
            #expect(third.end().status == 0)
        }
    }

    @Test("generate finds its pages again; options that cannot be are refused in one sentence")
    func commands() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pages = try DiskServing.make("pages", in: directory)
            let ask = [
                "generate", "--model", DiskServing.model, "--prompt", DiskServing.text, "--max-tokens", "9", "--json",
            ]
            func run(_ options: [String]) throws -> FlotillaProgram.Outcome {
                try FlotillaProgram.run(ask + options, in: directory)
            }
            func tokens(_ outcome: FlotillaProgram.Outcome) throws -> [Int] {
                let answer = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
                return try #require(answer?["tokens"] as? [Int], "\(outcome.errors)")
            }
            let plain = try tokens(try run([]))
            for options in [[], ["--mpirun"], ["--decoder-ranks", "2"], ["--decoder-ranks", "2"]] {
                #expect(try tokens(try run(["--kv-cache-dir", pages] + options)) == plain)
            }
            #expect(!DiskServing.files(pages).isEmpty)
            let refused: [([String], String)] = [
                (["--kv-cache-dir", "\(pages)/none"], "is not there"),
                (["--kv-cache-size", "1"], "without --kv-cache-dir"),
                (["--kv-cache-dir", pages, "--kv-cache-size", "0"], "expected more than 0"),
                (["--kv-cache-dir", pages, "--wire-format", "bf16"], "does not go with --wire-format bf16"),
            ]
            for (options, sentence) in refused {
                let outcome = try run(options)
                #expect(outcome.status == 2 && outcome.errors.contains(sentence), "\(options): \(outcome.errors)")
            }
            let serve = try FlotillaProgram.run(
                [
                    "serve", "--model", DiskServing.model, "--unix", "\(directory.path)/s", "--kv-cache-dir",
                    "\(pages)/none",
                ],
                in: directory
            )
            #expect(serve.status == 2 && serve.errors.contains("is not there"), "\(serve.errors)")
        }
    }
}
