import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Ranks die, answers do not.
@Suite("Answers through the loss of ranks", .serialized, .ownThread)
struct ReplayTests {
    static let model = Fixtures.url("mini-bf16").path
    /// Questions whose answers go on to `max_tokens`, of which the last is about a picture.
    private static let questions = [
        #""prompt":"tell me about the sea""#,
        #""prompt":"tell me about the sea","temperature":0.9,"seed":7"#,
        #""prompt":"a story","temperature":1.1,"top_p":0.9,"repetition_penalty":1.1,"seed":10,"logprobs":2"#,
        #""prompt":"describe the picture""#,
    ]

    /// Asks everything over one connection; `middle` is called once, when `isTime` says so of what has come: if nobody says,
    /// when every stream has begun.
    ///
    /// A client that gets no turn hears of a first token when all are long past: see ``Interruption``.
    ///
    /// - Parameters:
    ///   - drafts: whether they are drafted. An answer that was given before is then over after a few steps, maybe before
    ///     `middle` has done anything.
    ///   - tokens: of each answer.
    static func answers(
        _ server: ServerProcess,
        drafts: Bool = false,
        tokens: Int = 1200,
        when isTime: ([RawClient.Answer]) -> Bool = { $0.allSatisfy { $0.ids.count > 10 } },
        middle: () throws -> Void
    ) throws -> [RawClient.Answer] {
        let picture = [UInt8](try Data(contentsOf: Fixtures.url("images/wide.png")))
        let client = try server.connect()
        client.send("BLOB 3 0 \(picture.count)")
        client.send(picture + [10])
        func ask(_ index: Int) {
            let members = #""max_tokens":\#(tokens)\#(drafts ? "" : #","speculate":false"#)"#
            client.send("GENERATE \(index) {\(questions[index]),\(members)}")
        }
        // The others begin when the picture has been looked at, which takes as long as nobody can say.
        ask(3)
        var isAlone = true
        var answers = Array(repeating: RawClient.Answer(), count: 4)
        var hasFired = false
        while answers.contains(where: { $0.end == nil && $0.error == nil }) {
            let event = try client.event()
            guard let place = event.id.flatMap({ Int($0.description) }) else { continue }
            switch event {
            case .text(_, let piece), .think(_, let piece):
                answers[place].text += piece.text
                answers[place].ids += piece.ids
            case .end(_, let end): answers[place].end = end
            case .err(_, let error): answers[place].error = error
            default: break
            }
            if isAlone, place == 3, !answers[3].ids.isEmpty || answers[3].end != nil || answers[3].error != nil {
                isAlone = false
                (0..<3).forEach(ask)
            }
            if !hasFired, isTime(answers) {
                hasFired = true
                try middle()
            }
        }
        return answers
    }

    @Test("each of three decoder ranks, the vision rank and mpirun killed in turn: the same bytes, greedy and sampled")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                model: Self.model,
                ["--decoder-ranks", "3", "--context", "16384"],
                in: directory
            )
            let interruption = try Interruption(server)
            #expect(interruption.expected.allSatisfy { $0.ids.count > 40 && $0.end?.replays == 0 })
            for victim in 0..<4 {
                let found = try interruption.answers {
                    kill(try #require(try server.ranks()[victim]), SIGKILL)
                }
                for (one, other) in zip(found, interruption.expected) {
                    #expect(one.text == other.text && one.ids == other.ids, "rank \(victim)")
                    #expect(one.end?.text == other.end?.text && one.end?.usage.generated == other.end?.usage.generated)
                    #expect(one.end?.replays == 1)
                }
            }
            #expect(server.end().status == 0)
        }
    }

    @Test("fewer ranks when the group does not come back: degraded, and the same bytes")
    func degraded() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // An mpirun that starts three ranks once, and then only fewer.
            let real = try #require(Self.find("mpirun"))
            let marker = directory.appendingPathComponent("lost")
            let script = """
                #!/bin/sh
                if [ -e \(marker.path) ]; then case " $* " in *" 3 "*) echo "the host is gone" >&2; exit 1;; esac; fi
                exec \(real) "$@"
                """
            let wrapper = directory.appendingPathComponent("mpirun")
            try script.write(to: wrapper, atomically: true, encoding: .utf8)
            chmod(wrapper.path, 0o755)
            let path = "\(directory.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
            let server = try ServerProcess(
                model: Self.model,
                ["--decoder-ranks", "2", "--context", "16384"],
                in: directory,
                environment: ["PATH": path]
            )
            let expected = try Self.answers(server) {}
            let found = try Self.answers(server) {
                _ = FileManager.default.createFile(atPath: marker.path, contents: nil)
                kill(try #require(try server.ranks()[1]), SIGKILL)
            }
            #expect(found.map(\.ids) == expected.map(\.ids))
            #expect(Self.comes("degraded", server), "\(server.errors)")
            #expect(server.end().status == 0)
        }
    }

    @Test("a host that is lost is left out, and taken in again when it answers: the same bytes")
    func lostHost() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // A remote shell that plays a second host, on this one, as long as it is not marked as dead.
            let dead = directory.appendingPathComponent("dead").path
            let agent = directory.appendingPathComponent("agent")
            let script = """
                #!/bin/sh
                while [ "$1" != ghost ]; do shift; done; shift
                [ -e \(dead) ] && exit 255
                exec /bin/sh -c "$*"
                """
            try script.write(to: agent, atomically: true, encoding: .utf8)
            chmod(agent.path, 0o755)
            let hosts = directory.appendingPathComponent("hosts")
            let link = "127.0.0.1:\(AttachTests.freePort())"
            try "localhost slots=2\nghost slots=2\n".write(to: hosts, atomically: true, encoding: .utf8)
            let server = try ServerProcess(
                model: Self.model,
                ["--decoder-ranks", "3", "--context", "16384", "--hostfile", hosts.path, "--link", link],
                in: directory,
                // Two hosts that are one must not meet in its shared memory.
                environment: ["OMPI_MCA_plm_rsh_agent": agent.path, "OMPI_MCA_btl": "self,tcp"]
            )
            let expected = try Self.answers(server) {}
            let alone = try Self.answers(server) {
                _ = FileManager.default.createFile(atPath: dead, contents: nil)
                kill(try #require(try server.ranks()[3]), SIGKILL)
            }
            #expect(alone.map(\.ids) == expected.map(\.ids))
            #expect(Self.comes("degraded", server), "\(server.errors)")
            let left = try server.ranks()
            #expect(left.count == 2, "\(left) \(server.errors)")
            let together = try Self.answers(server) {
                try FileManager.default.removeItem(atPath: dead)
                kill(try #require(try server.ranks()[0]), SIGKILL)
            }
            #expect(together.map(\.ids) == expected.map(\.ids))
            // At once or, where the host's answer came too late, when it is asked again.
            #expect(Self.comes("ready", server), "\(server.errors)")
            #expect(server.end().status == 0)
        }
    }

    /// Whether a server comes to a state: answers that were over before the loss do not wait for the next group.
    private static func comes(_ state: String, _ server: ServerProcess) -> Bool {
        Poll.until { (try? server.stats())?["state"] as? String == state }
    }

    static func find(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
