import Benchmarks
import Testing

@Suite("Medians and spread")
struct SpreadTests {
    @Test("the median is the middle one, or the mean of the middle two")
    func median() {
        let odd = Spread([5, 1, 3])
        #expect(odd.median == 3 && odd.lowest == 1 && odd.highest == 5 && odd.count == 3)
        let even = Spread([4, 1, 10, 2])
        #expect(even.median == 3 && even.lowest == 1 && even.highest == 10 && even.count == 4)
        let one = Spread([7])
        #expect(one.median == 7 && one.lowest == 7 && one.highest == 7 && one.count == 1)
    }

    @Test("seconds become a rate, whose lowest comes of the slowest round")
    func mapped() {
        let rate = Spread([0.5, 0.25, 1]).mapped { 8 / $0 }
        #expect(rate == Spread([8, 16, 32]))
    }
}

@Suite("Rounds")
struct RoundsTests {
    @Test("ceiling and work take turns, after one round that does not count")
    func turns() throws {
        var calls = ""
        let rounds = Rounds(count: 3, turnSeconds: 0)
        let outcome = try rounds.measure(
            in: BenchmarkGroup(),
            ideal: {
                calls += "i"
                return 0.5
            },
            work: { calls += "w" }
        )
        #expect(calls == "iwiwiwiw")
        #expect(outcome.seconds.count == 3 && outcome.ideal == Spread([0.5, 0.5, 0.5]))
        #expect(outcome.share > 0)
    }

    @Test("work that is short is repeated to fill a turn, the same number of times each round")
    func repetitions() throws {
        var (calls, atCeiling): (Int, [Int]) = (0, [])
        _ = try Rounds(count: 2, turnSeconds: 0.001)
            .measure(
                in: BenchmarkGroup(),
                ideal: {
                    atCeiling.append(calls)
                    return 1
                },
                work: { calls += 1 }
            )
        // Before anything, before the first and before the second counted round.
        #expect(atCeiling.count == 3)
        #expect(calls - atCeiling[2] == atCeiling[2] - atCeiling[1])
        #expect(calls - atCeiling[2] > 1)
    }

    @Test("a group of one is its own maximum and agrees with itself")
    func alone() throws {
        let group = BenchmarkGroup()
        #expect(group.rank == 0 && group.size == 1)
        #expect(try group.maximum(2.5) == 2.5)
        #expect(try group.agreed(41) == 41)
    }
}
