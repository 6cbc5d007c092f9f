import Foundation
import Requests
import TestSupport
import Testing

/// The ranks of a draft model die, hang and do not start; answers do not mind.
@Suite("Answers beside a draft model that fails", .serialized, .ownThread)
struct DraftModelServingTests {
    static let model = Fixtures.url("mini-bf16").path
    /// A model that drafts for itself is right every time: the most that drafts can do.
    static let options = ["--context", "16384", "--speculate", "draft", "--draft", model]

    static func status(_ server: ServerProcess) throws -> [String: Any] {
        let speculation = try server.stats()["speculation"] as? [String: Any]
        return try #require(speculation?["draft_model"] as? [String: Any])
    }

    static func wait(_ server: ServerProcess, for state: String) {
        #expect(Poll.until { (try? status(server))?["state"] as? String == state }, "\(server.errors)")
    }

    /// The process of each of the draft model's ranks.
    static func ranks(_ server: ServerProcess) throws -> [Int32] {
        (try status(server)["ranks"] as? [[String: Any]] ?? []).compactMap { ($0["pid"] as? Int).map(Int32.init) }
    }

    /// Texts, ids and ends of the same questions, without drafts.
    static func expected(in directory: URL) throws -> [RawClient.Answer] {
        let server = try ServerProcess(model: model, ["--context", "16384", "--speculate", "off"], in: directory)
        defer { _ = server.end() }
        return try ReplayTests.answers(server, drafts: true) {}
    }

    static func compare(_ found: [RawClient.Answer], _ expected: [RawClient.Answer], _ what: String) {
        for (one, other) in zip(found, expected) {
            #expect(one.text == other.text && one.ids == other.ids, "\(what): \(String(describing: one.error))")
            #expect(one.end?.text == other.end?.text && one.end?.finish == other.end?.finish)
            #expect(one.end?.replays == 0, "\(what)")
        }
    }

    @Test("each rank of it killed, and its leader stopped, in the middle: the same bytes, and it comes back")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let expected = try Self.expected(in: directory)
            let arguments = ["--decoder-ranks", "2", "--draft-ranks", "2"] + Self.options
            // A leader that is stopped is one that says nothing for so long.
            let server = try ServerProcess(
                model: Self.model,
                arguments,
                in: directory,
                environment: ["FLOTILLA_START_LIMITS": "silence=6"]
            )
            Self.wait(server, for: "ready")
            Self.compare(try ReplayTests.answers(server, drafts: true) {}, expected, "unharmed")
            // Nobody waits for guesses: on a busy machine they may all come too late for these answers.
            #expect(
                Poll.until {
                    if (try? Self.status(server)["guesses"] as? Int) ?? 0 > 0 { return true }
                    _ = try? ReplayTests.answers(server, drafts: true) {}
                    return false
                }
            )
            for (index, signal) in [(0, SIGKILL), (1, SIGKILL), (2, SIGKILL), (0, SIGSTOP)] {
                Self.wait(server, for: "ready")
                let ranks = try Self.ranks(server)
                #expect(ranks.count == 3)
                let losses = try Self.status(server)["losses"] as? Int ?? 0
                let found = try ReplayTests.answers(server, drafts: true) { kill(ranks[index], signal) }
                Self.compare(found, expected, "rank \(index), signal \(signal)")
                #expect(Poll.until { (try? Self.status(server))?["losses"] as? Int == losses + 1 }, "\(server.errors)")
                // The other group's death is none of the decoder's.
                #expect((try server.stats()["group"] as? [String: Any])?["restarts"] as? Int == 0)
            }
            let left = try Self.ranks(server)
            #expect(server.end().status == 0)
            #expect(Poll.until { left.allSatisfy { kill($0, 0) != 0 } })
        }
    }

    @Test("dead from the start, and given up: the same bytes")
    func absent() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let expected = try Self.expected(in: directory)
            let real = try #require(ReplayTests.find("mpirun"))
            let script = """
                #!/bin/sh
                case " $* " in *" --draft-lead "*) echo "no room" >&2; exit 1;; esac
                exec \(real) "$@"
                """
            let wrapper = directory.appendingPathComponent("mpirun")
            try script.write(to: wrapper, atomically: true, encoding: .utf8)
            chmod(wrapper.path, 0o755)
            let path = "\(directory.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
            let server = try ServerProcess(
                model: Self.model,
                Self.options,
                in: directory,
                environment: ["PATH": path]
            )
            Self.compare(try ReplayTests.answers(server, drafts: true) {}, expected, "without it")
            Self.wait(server, for: "off")
            #expect(server.errors.contains("the draft model's ranks do not start"), "\(server.errors)")
            #expect(server.end().status == 0)
        }
    }

    @Test("a server that ends while its group is lost leaves nothing of the ranks that guessed for it")
    func endsBetween() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // Who is faster depends on the moment.
            for _ in 0..<4 {
                let arguments = ["--decoder-ranks", "2"] + Self.options
                let server = try ServerProcess(model: Self.model, arguments, in: directory)
                Self.wait(server, for: "ready")
                let mark = "-\(server.running.process.processIdentifier)-"
                kill(try #require(try server.ranks()[1]), SIGKILL)
                #expect(Poll.until { (try? server.stats())?["state"] as? String == "loading" })
                #expect(server.end().status == 0)
                let left = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm").filter { $0.contains(mark) }
                #expect(left == [])
            }
        }
    }

    @Test("the decoder's ranks are lost: the draft model begins anew with the next group")
    func groupLost() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let expected = try Self.expected(in: directory)
            var hasInterrupted = false
            for _ in 0..<5 where !hasInterrupted {
                let server = try ServerProcess(model: Self.model, Self.options, in: directory)
                Self.wait(server, for: "ready")
                let before = try Self.ranks(server)
                let found = try ReplayTests.answers(server, drafts: true) {
                    kill(try #require(try server.ranks()[0]), SIGKILL)
                }
                for (one, other) in zip(found, expected) {
                    #expect(one.text == other.text && one.ids == other.ids)
                }
                // A guessed answer may be over before its ranks are.
                hasInterrupted = found.contains { $0.end?.replays == 1 }
                let isNew = Poll.until {
                    guard let now = try? Self.status(server), now["state"] as? String == "ready" else { return false }
                    let ranks = (try? Self.ranks(server)) ?? []
                    return !ranks.isEmpty && Set(ranks).isDisjoint(with: before)
                }
                #expect(isNew, "\(server.errors)")
                #expect(server.end().status == 0)
            }
            #expect(hasInterrupted, "no answer was under way when the rank was killed")
        }
    }
}
