import Testing

@testable import ServingCore

struct RestartPolicyTests {
    static func ready(_ ranks: Int = 4, fits: @escaping @Sendable (Int) -> Bool = { _ in true }) -> RestartPolicy {
        var policy = RestartPolicy(decoderRanks: ranks, fits: fits)
        policy.becameReady()
        return policy
    }

    @Test("The wait doubles from 1 s to 30 s, and then it is given up")
    func backOff() {
        var policy = Self.ready()
        var waits: [Duration] = []
        while case .restart(let wait, let ranks) = policy.lost(lived: .seconds(1)) {
            waits.append(wait)
            #expect(ranks == 4, "a group that loads is not made smaller")
            policy.becameReady()
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30].map { Duration.seconds($0) })
    }

    @Test("An answer, or half a minute of life, begins the row anew")
    func recovery() {
        var policy = Self.ready()
        for _ in 0..<50 {
            #expect(policy.lost(lived: .seconds(1)) == .restart(after: .seconds(1), decoderRanks: 4))
            policy.madeProgress()
        }
        for _ in 0..<50 {
            #expect(policy.lost(lived: .seconds(30)) == .restart(after: .seconds(1), decoderRanks: 4))
        }
        #expect(policy.lost(lived: .seconds(29)) == .restart(after: .seconds(2), decoderRanks: 4))
    }

    @Test("A group that fails to load twice is tried with a rank fewer, while that has the memory")
    func degraded() {
        var policy = Self.ready(4) { $0 >= 3 }
        #expect(policy.lost(lived: .seconds(5)) == .restart(after: .seconds(1), decoderRanks: 4))
        #expect(policy.lost(lived: nil) == .restart(after: .seconds(2), decoderRanks: 4))
        #expect(policy.lost(lived: nil) == .restart(after: .seconds(4), decoderRanks: 3))
        #expect(policy.isDegraded)
        #expect(policy.lost(lived: nil) == .restart(after: .seconds(8), decoderRanks: 3))
        #expect(policy.lost(lived: nil) == .restart(after: .seconds(16), decoderRanks: 3))
    }

    @Test("A first start that fails, and a broken checkpoint, are not tried again")
    func hopeless() {
        var fresh = RestartPolicy(decoderRanks: 2) { _ in true }
        #expect(fresh.lost(lived: nil) == .giveUp)
        var policy = Self.ready()
        #expect(policy.lost(lived: nil, isHopeless: true) == .giveUp)
    }

    @Test("Hosts that are gone leave room for fewer ranks, and give it back when they return")
    func hosts() {
        var policy = Self.ready(4) { $0 >= 2 }
        #expect(policy.makeDo(with: 3) == true)
        #expect(policy.decoderRanks == 3 && policy.isDegraded)
        #expect(policy.makeDo(with: 1) == false, "the model does not fit")
        #expect(policy.makeDo(with: 0) == false)
        #expect(policy.makeDo(with: 9) == true && policy.decoderRanks == 4)
        #expect(policy.makeDo(with: nil) == true && !policy.isDegraded)
    }
}
