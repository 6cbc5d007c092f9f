import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Several groups of ranks behind one server.
@Suite("Several groups", .serialized, .ownThread)
struct GroupsTests {
    static let model = Fixtures.url("mini-bf16").path
    static let arguments = ["--decoder-ranks", "2", "--context", "16384"]

    static func report(_ server: ServerProcess) throws -> StatsReport {
        let client = try server.connect()
        client.send("STATS s")
        guard case .ok(_, let json) = try client.event() else { throw RawClient.Closed() }
        return try StatsReport(json: json)
    }

    static func serve(_ arguments: [String], in directory: URL) throws -> ServerProcess {
        let server = try ServerProcess(model: model, Self.arguments + arguments, in: directory)
        try server.waitUntil(.ready)
        return server
    }

    /// Runs the bodies; `middle` is called as soon as group 1 has given a token, because its answers may be whole long before
    /// those of the other group have begun.
    static func answers(
        _ server: ServerProcess,
        tokens: Int = 1200,
        middle: (StatsReport) throws -> Void
    ) throws -> [RawClient.Answer] {
        let before = try report(server).groups?[1].generatedTokens ?? 0
        var found: StatsReport?
        let isTime = { (_: [RawClient.Answer]) in
            guard found == nil, let stats = try? report(server), let group = stats.groups?[1] else { return false }
            if group.generatedTokens > before, group.running > 0 { found = stats }
            return found != nil
        }
        return try ReplayTests.answers(server, tokens: tokens, when: isTime) { try middle(try #require(found)) }
    }

    /// - Returns: what a page of metrics says of each group.
    static func metric(_ name: String, _ server: ServerProcess) throws -> [String] {
        let client = try server.connect()
        client.send("METRICS m")
        guard case .ok(_, let json) = try client.event() else { return [] }
        let page = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
        return (page?["text"] ?? "").split(separator: "\n").filter { $0.hasPrefix("flotilla:\(name){") }.map(
            String.init
        )
    }

    @Test("one of two groups killed in mid-answer: the other goes on at once with the same bytes, and both are told of")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let alone = try Self.serve([], in: directory)
            let expected = try ReplayTests.answers(alone) {}
            #expect(alone.end().status == 0)
            let server = try Self.serve(["--groups", "2"], in: directory)
            let before = try Self.report(server)
            #expect(before.groups?.map(\.state) == ["ready", "ready"] && before.ranks.count == 6)
            #expect(before.ranks.map { "\($0.group ?? -1).\($0.rank)" } == ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"])
            let whole = try ReplayTests.answers(server) {}
            #expect(whole.map(\.ids) == expected.map(\.ids) && whole.map(\.text) == expected.map(\.text))
            #expect(try Self.report(server).groups?.map(\.handed).allSatisfy { $0 > 0 } == true)
            var (losses, replays) = (0, 0)
            // Its answers may be over before it is lost: then longer ones are asked for.
            for tokens in [1200, 2400, 3600, 3600] where replays == 0 {
                losses += 1
                let whole = losses == 1 ? expected : try ReplayTests.answers(server, tokens: tokens) {}
                let found = try Self.answers(server, tokens: tokens) { stats in
                    let victim = try #require(stats.ranks.first { $0.group == 1 && $0.rank == 1 })
                    kill(victim.pid, SIGKILL)
                }
                #expect(found.map(\.ids) == whole.map(\.ids) && found.map(\.text) == whole.map(\.text))
                replays = found.compactMap(\.end?.replays).reduce(0, +)
                #expect(Poll.until { (try? Self.report(server))?.groups?[1].restarts == losses }, "\(server.errors)")
                if replays == 0 { try server.waitUntil(.ready) }
            }
            let after = try Self.report(server)
            let groups = try #require(after.groups)
            #expect(replays > 0 && after.requests.replayed == replays && groups.map(\.restarts) == [0, losses])
            // The group that was not lost has taken over whatever the other had.
            #expect(groups.map(\.resumed) == [replays, 0], "\(groups)")
            #expect(after.group.restarts == losses && after.group.askedDecoder == 4)
            #expect(try Self.metric("group_requests_resumed_total", server).count == 2)
            #expect(try Self.metric("rank_steps_total", server).allSatisfy { $0.contains("group=\"") })
            try server.waitUntil(.ready)
            #expect(try Self.report(server).groups?.map(\.generation) == [1, 1 + losses])
            #expect(server.end().status == 0)
        }
    }

    @Test("a prompt that was answered before goes to the group that has it in its cache")
    func prefix() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try Self.serve(["--groups", "2"], in: directory)
            let body = { (name: String) in
                let text = String(repeating: "a long story of \(name) who went to sea, ", count: 30)
                return "{\"prompt\":\"\(text)\",\"max_tokens\":4}"
            }
            // One after the other, so that both groups are idle each time: only the cache decides.
            let first = try server.ask(body("Anna"))
            #expect(try Self.report(server).groups?.map(\.handed) == [1, 0])
            for turn in 1...3 {
                let again = try server.ask(body("Anna"))
                #expect(again.ids == first.ids && (again.end?.usage.cached ?? 0) > 64)
                #expect(try Self.report(server).groups?.map(\.handed) == [1 + turn, 0])
            }
            let groups = try #require(try Self.report(server).groups)
            #expect(groups[0].cachedTokens > 0 && groups[1].cachedTokens == 0)
            #expect(server.end().status == 0)
        }
    }

    @Test("each group on one host keeps to processors of its own", arguments: [false, true])
    func processors(hostfile: Bool) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let hosts = directory.appendingPathComponent("hosts").path
            try "localhost slots=6\n".write(toFile: hosts, atomically: true, encoding: .utf8)
            let server = try Self.serve(["--groups", "2"] + (hostfile ? ["--hostfile", hosts] : []), in: directory)
            let ranks = try Self.report(server).ranks
            let lists = try ranks.map { rank in
                let status = try String(contentsOfFile: "/proc/\(rank.pid)/status", encoding: .utf8)
                return status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }.map(String.init) ?? ""
            }
            let byGroup = (0..<2).map { group in Set(zip(ranks, lists).filter { $0.0.group == group }.map(\.1)) }
            if ProcessInfo.processInfo.activeProcessorCount > 1 { #expect(byGroup[0].isDisjoint(with: byGroup[1])) }
            #expect(server.end().status == 0)
        }
    }

    @Test("generate spreads a batch over groups: the same tokens; plan shows each group's part of the hosts")
    func withoutServer() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("batch").path
            let lines = (0..<6).map { #"{"id":"\#($0)","messages":[{"role":"user","content":"tell me \#($0)"}]}"# }
            try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let ask = ["generate", "--model", Self.model, "--batch", file, "--max-tokens", "40", "--threads", "1"]
            let tokens = try [ask, ask + ["--groups", "2", "--verbose"]].map { words in
                let outcome = try FlotillaProgram.run(words, in: directory)
                #expect(outcome.status == 0, "\(outcome.errors)")
                // A group that comes late finds all answered by the other one.
                if words.contains("--groups") { #expect(outcome.errors.contains("group is ready")) }
                return try outcome.output.split(separator: "\n").map { line in
                    let answer = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    return try #require(answer?["tokens"] as? [Int])
                }
            }
            #expect(tokens[0].count == 6 && tokens[0] == tokens[1])
            let hosts = directory.appendingPathComponent("hosts").path
            try "localhost slots=4\n".write(toFile: hosts, atomically: true, encoding: .utf8)
            let plan = ["plan", "--model", Self.model, "--groups", "2"]
            let text = try FlotillaProgram.run(plan + ["--hostfile", hosts], in: directory)
            #expect(text.status == 0 && text.output.contains("\ngroup 1") && text.output.contains("all 2 groups: "))
            let json = try FlotillaProgram.run(plan + ["--json"], in: directory)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            let groups = try #require(object?["groups"] as? [[String: Any]], "\(json.errors)")
            #expect(groups.compactMap { $0["group"] as? Int } == [0, 1])
            #expect(groups.allSatisfy { ($0["ranks"] as? [Any])?.count == 2 })
        }
    }

    @Test("one of two groups of generate is killed: its answers go on in the other, the same tokens")
    func killedWithoutServer() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let ask = ["generate", "--model", Self.model, "--prompt", "a story", "--speculate", "off", "--json"]
            // A group that is ready long before the other may have given a short answer by then.
            for tokens in [2000, 8000, 30000] {
                let all = ask + ["--max-tokens", "\(tokens)"]
                let running = try FlotillaProgram.start(all + ["--groups", "2", "--verbose"], in: directory)
                let wasKilled = Self.killFirstRank(of: running)
                let outcome = running.wait()
                #expect(outcome.status == 0, "\(outcome.errors)")
                guard wasKilled, outcome.errors.contains("group lost") else { continue }
                let texts = try [FlotillaProgram.run(all, in: directory), outcome].map { outcome in
                    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
                }
                #expect(texts[0]["tokens"] as? [Int] == texts[1]["tokens"] as? [Int])
                return
            }
            Issue.record("no answer was long enough to be interrupted")
        }
    }

    /// Kills a rank of the first group when both are ready; false where the answer was over before.
    private static func killFirstRank(of running: FlotillaProgram.Running) -> Bool {
        func areReady() -> Bool {
            let text = (try? String(contentsOf: running.errors, encoding: .utf8)) ?? ""
            return text.ranges(of: "group is ready").count == 2
        }
        guard Poll.until({ areReady() || !running.process.isRunning }), areReady() else { return false }
        guard let rank = ranks(under: running.process.processIdentifier).first else { return false }
        return kill(rank, SIGKILL) == 0
    }

    /// The pids of ranks that a process has started by way of mpirun, of the first group first.
    private static func ranks(under pid: Int32) -> [Int32] {
        func children(of pid: Int32) -> [Int32] {
            let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
            return tasks.flatMap { task -> [Int32] in
                let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/children", encoding: .utf8)) ?? ""
                return text.split(separator: " ").compactMap { Int32($0) }
            }
        }
        return children(of: pid).sorted().flatMap { children(of: $0).sorted() }
    }

    @Test(
        "what cannot be with several groups is refused before anything starts",
        arguments: [
            (["--groups", "0"], 2, "--groups is 0, expected 1 to 64"),
            (["--groups", "2", "--attach"], 2, "--attach waits for the ranks of one group"),
            (["--groups", "2", "--link", "127.0.0.1:7999"], 2, "cannot all dial one port"),
            (["--groups", "2", "--hostfile", "HOSTS"], 6, "2 groups of 2 ranks need 4 slots, and the hosts have 3"),
            (["--groups", "2", "--mpirun-args=--map-by node"], 2, "say where ranks run"),
        ]
    )
    func refused(arguments: [String], status: Int32, words: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let hosts = directory.appendingPathComponent("hosts").path
            try "localhost slots=3\n".write(toFile: hosts, atomically: true, encoding: .utf8)
            let socket = directory.appendingPathComponent("socket").path
            let words0 = ["serve", "--model", Self.model, "--unix", socket]
            let all = words0 + arguments.map { $0 == "HOSTS" ? hosts : $0 }
            let outcome = try FlotillaProgram.run(all, in: directory)
            #expect(outcome.status == status && outcome.errors.contains(words), "\(outcome.errors)")
        }
    }
}
