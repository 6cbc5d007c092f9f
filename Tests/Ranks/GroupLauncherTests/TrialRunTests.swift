import Testing

@testable import GroupLauncher

@Suite("Trial runs")
struct TrialRunTests {
    @Test("every two hosts measure once, and none with two others at a time", arguments: 0...17)
    func rounds(count: Int) {
        let rounds = NetworkReport.rounds(of: count)
        var seen: Set<[Int]> = []
        for round in rounds {
            let busy = round.flatMap { [$0.one, $0.other] }
            #expect(Set(busy).count == busy.count && busy.allSatisfy { $0 < count })
            for pair in round {
                #expect(pair.one < pair.other && seen.insert([pair.one, pair.other]).inserted)
            }
        }
        #expect(seen.count == max(0, count * (count - 1) / 2))
        #expect(rounds.count == (count < 2 ? 0 : count - 1 + count % 2))
    }

    @Test("a run that fails says why in the rank's words, or else in mpirun's")
    func failures() {
        let ranks = ["[n1:1] noise", "flotilla: host n1 has heard nothing of host n2 over MPI", "  hint: a firewall?"]
        let said = TrialRun.failure(ranks, "exited with status 6")
        #expect(said.description == "host n1 has heard nothing of host n2 over MPI" && said.hint == "a firewall?")
        #expect(
            TrialRun.failure([], "killed by signal 9 (Killed)").description.hasSuffix("killed by signal 9 (Killed)")
        )
    }
}
