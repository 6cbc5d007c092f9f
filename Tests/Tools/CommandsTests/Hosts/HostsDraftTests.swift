import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// A draft model beside a group that is spread over hosts.
@Suite("A draft model on the vision ranks' hosts", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct HostsDraftTests {
    private static let question = #"{"prompt":"describe the picture","max_tokens":200,"temperature":0.7,"seed":3}"#

    /// Answers about a picture and texts, the decoder's alone.
    private static func expected(in directory: URL, _ picture: [UInt8]) throws -> (RawClient.Answer, [RawClient.Answer])
    {
        let one = try ServerProcess(
            model: ReplayTests.model,
            ["--context", "16384", "--speculate", "off"],
            in: directory
        )
        defer { _ = one.end() }
        return (try one.ask(question, pictures: [picture]), try ReplayTests.answers(one) {})
    }

    private static func hosts(_ server: ServerProcess, role: String) throws -> Set<String> {
        Set(try GroupsTests.report(server).ranks.filter { $0.role == role }.map(\.host))
    }

    private static func draft(_ server: ServerProcess) throws -> StatsDraft {
        let model = try GroupsTests.report(server).speculation?.draftModel
        return StatsDraft(
            guesses: model?.guesses ?? 0,
            ranks: model?.ranks.map { (host: $0.host, pid: $0.pid) } ?? []
        )
    }

    private struct StatsDraft {
        var guesses: Int
        var ranks: [(host: String, pid: Int32)]
        var hosts: Set<String> { Set(ranks.map(\.host)) }
    }

    @Test("three hosts: the bytes of one without drafts; its ranks killed, its host cut, and joined, in mid-answer")
    func placed() throws {
        let picture = [UInt8](try Data(contentsOf: Fixtures.url("images/wide.png")))
        try Fixtures.withTemporaryDirectory { directory in
            let (seen, read) = try Self.expected(in: directory, picture)
            #expect(!seen.ids.isEmpty)
            let lab = try NetLab(hosts: 3, ["--ssh"])
            let server = try ServerProcess(
                model: ReplayTests.model,
                [
                    "--decoder-ranks", "2", "--vision-ranks", "1", "--context", "16384", "--hostfile",
                    try lab.hostfile(for: 3, in: directory), "--speculate", "draft", "--draft", ReplayTests.model,
                    "--draft-ranks", "2",
                ],
                in: directory,
                environment: lab.environment.merging(["FLOTILLA_START_LIMITS": "grow=0.5"]) { $1 },
                script: lab.script(on: 1)
            )
            func check(_ when: String) throws {
                let found = try server.ask(Self.question, pictures: [picture])
                #expect(found.ids == seen.ids && found.text == seen.text, "\(when): \(server.errors)")
            }
            DraftModelServingTests.wait(server, for: "ready")
            #expect(try Self.hosts(server, role: "vision") == ["node3"])
            let draft = try Self.draft(server)
            #expect(draft.ranks.count == 3 && draft.hosts == ["node3"])
            try check("unharmed")
            Self.compare(try ReplayTests.answers(server, drafts: true) {}, read, "unharmed")
            // Nobody waits for guesses: on a busy machine they may all come too late for these answers.
            #expect(
                Poll.until {
                    if (try? Self.draft(server).guesses) ?? 0 > 0 { return true }
                    _ = try? ReplayTests.answers(server, drafts: true) {}
                    return false
                }
            )
            // Its ranks die alone: nothing of the decoder's is lost.
            let killed = try ReplayTests.answers(server, drafts: true) { kill(draft.ranks[1].pid, SIGKILL) }
            Self.compare(killed, read, "killed")
            #expect(killed.allSatisfy { $0.end?.replays == 0 })
            #expect(Poll.until { (try? DraftModelServingTests.status(server))?["losses"] as? Int == 1 })
            DraftModelServingTests.wait(server, for: "ready")
            // Their host dies, which these answers need not wait for; the vision rank is gone as well, and both go elsewhere.
            let cut = try ReplayTests.answers(server, drafts: true) { try lab.cut(3) }
            Self.compare(cut, read, "cut")
            #expect(
                Poll.until {
                    let vision = (try? Self.hosts(server, role: "vision")) ?? []
                    return vision.count == 1 && !vision.contains("node3") && (try? Self.draft(server).hosts) == vision
                },
                "\(server.errors)"
            )
            DraftModelServingTests.wait(server, for: "ready")
            try check("without the third host")
            // Back again, all are where they were.
            Self.compare(try ReplayTests.answers(server, drafts: true) { try lab.join(3) }, read, "joined")
            #expect(Poll.until { (try? Self.hosts(server, role: "vision")) == ["node3"] }, "\(server.errors)")
            DraftModelServingTests.wait(server, for: "ready")
            #expect(try Self.draft(server).hosts == ["node3"])
            try check("joined")
            #expect(server.end().status == 0, "\(server.errors)")
            try lab.down()
        }
    }

    private static func compare(_ found: [RawClient.Answer], _ expected: [RawClient.Answer], _ when: String) {
        #expect(found.map(\.text) == expected.map(\.text), "\(when)")
        #expect(found.map(\.ids) == expected.map(\.ids), "\(when)")
        #expect(found.map(\.end?.text) == expected.map(\.end?.text), "\(when)")
    }
}
