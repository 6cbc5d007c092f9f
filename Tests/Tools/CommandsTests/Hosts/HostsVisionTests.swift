import Foundation
import TestSupport
import Testing
import WireProtocol

/// Pictures over several hosts, each with a vision rank.
@Suite("Vision ranks on several hosts", .serialized, .ownThread, .enabled(if: NetLab.isPossible()))
struct HostsVisionTests {
    private static let question = #"{"prompt":"describe the picture","max_tokens":40,"max_tiles":10}"#

    /// Tiles of the picture, as `flotilla tiles` counts them.
    private static func tiles(in directory: URL) throws -> Int {
        let outcome = try FlotillaProgram.run(
            [
                "tiles", "--model", ReplayTests.model, "--max-tiles", "10", "--json",
                Fixtures.url("images/wide.png").path,
            ],
            in: directory
        )
        let pictures = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]]
        return try #require(pictures?.first?["tiles"] as? Int)
    }

    @Test(
        "with --vision-ranks auto every host has a vision rank, they share the tiles, and the answer is one host's",
        arguments: [2, 3]
    )
    func divided(hosts: Int) throws {
        let picture = [UInt8](try Data(contentsOf: Fixtures.url("images/wide.png")))
        try Fixtures.withTemporaryDirectory { directory in
            let one = try ServerProcess(model: ReplayTests.model, ["--context", "4096"], in: directory)
            let expected = try one.ask(Self.question, pictures: [picture])
            let count = try Self.tiles(in: directory)
            #expect(one.end().status == 0)
            let lab = try NetLab(hosts: hosts, ["--ssh"])
            let server = try ServerProcess(
                model: ReplayTests.model,
                [
                    "--decoder-ranks", "2", "--vision-ranks", "auto", "--vision-threads", "2", "--context", "4096",
                    "--hostfile", lab.hostfile(for: hosts + 2, in: directory),
                ],
                in: directory,
                environment: lab.environment,
                script: lab.script(on: 1)
            )
            let found = try server.ask(Self.question, pictures: [picture])
            #expect(found.ids == expected.ids && found.text == expected.text && !found.ids.isEmpty)
            var vision: [StatsReport.Rank] = []
            // What a rank has done is told once a second.
            let isCounted = Poll.until {
                vision = ((try? GroupsTests.report(server).ranks) ?? []).filter { $0.role == "vision" }
                return vision.reduce(0) { $0 + $1.tiles } == count
            }
            #expect(isCounted && vision.count == hosts && Set(vision.map(\.host)).count == hosts)
            #expect(vision.allSatisfy { $0.helperThreads == 1 || $0.threads == 2 }, "\(vision)")
            #expect(server.end().status == 0, "\(server.errors)")
            try lab.down()
        }
    }
}
