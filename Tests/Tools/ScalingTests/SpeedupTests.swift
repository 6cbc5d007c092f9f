import Scaling
import Testing

/// Speed-ups against numbers worked out by hand.
@Suite("Speed-up")
struct SpeedupTests {
    @Test("twice as fast on two, as fast on four as on one")
    func simple() {
        let ideal = Speedup(ranks: 2, alone: 8, together: 4)
        #expect(ideal.factor == 2 && ideal.efficiency == 1 && ideal.serialShare == 0)
        let useless = Speedup(ranks: 4, alone: 8, together: 8)
        #expect(useless.factor == 1 && useless.efficiency == 0.25 && useless.serialShare == 1)
        #expect(Speedup(ranks: 1, alone: 8, together: 8).serialShare == nil)
    }

    @Test("Karp and Flatt find the serial share that Amdahl's law was given", arguments: [2, 3, 4, 8, 16])
    func amdahl(ranks: Int) throws {
        let serial = 0.06
        let together = serial + (1 - serial) / Double(ranks)
        let found = try #require(Speedup(ranks: ranks, alone: 1, together: together).serialShare)
        #expect(abs(found - serial) < 1e-12)
    }

    @Test("work that grows with the ranks and takes as long is done with efficiency 1")
    func weak() {
        let scaled = Speedup(ranks: 3, alone: 5, together: 5, work: 3)
        #expect(scaled.factor == 3 && scaled.efficiency == 1)
    }
}
