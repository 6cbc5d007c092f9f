import TestSupport
import Testing

@testable import Sharding

@Suite("Shares for ranks of unequal speed")
struct ShareSearchTests {
    /// Every way to hand out units and leaves, by brute force: the least time; `nil` if nothing fits.
    static func leastTime(_ search: ShareSearch) -> Double? {
        let ranks = search.speeds.count
        var best: Double?
        for units in ways(search.attentionBytes.count - 1, ranks, atLeast: 1) {
            for leaves in ways(search.leaves, ranks, atLeast: 0) {
                let fits = search.room.map { room in
                    (0..<ranks).allSatisfy {
                        units[$0] * search.attentionMemory + leaves[$0] * search.leafMemory <= room[$0]
                    }
                }
                guard fits ?? true else { continue }
                let time = search.time(.init(units: units, leaves: leaves))
                best = min(best ?? time, time)
            }
        }
        return best
    }

    static func ways(_ count: Int, _ ranks: Int, atLeast: Int) -> [[Int]] {
        if ranks == 1 { return count >= atLeast ? [[count]] : [] }
        guard count >= atLeast else { return [] }
        return (atLeast...count).flatMap { first in
            ways(count - first, ranks - 1, atLeast: atLeast).map { [first] + $0 }
        }
    }

    @Test("no way to hand them out is faster, with and without limits of room")
    func storm() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<1500 {
            let ranks = Int.random(in: 1...3, using: &random)
            let units = Int.random(in: ranks...6, using: &random)
            var bytes = [0.0]
            for _ in 0..<units { bytes.append(bytes[bytes.count - 1] + Double(Int.random(in: 1...5, using: &random))) }
            var search = ShareSearch(
                attentionBytes: bytes,
                leafBytes: Double(Int.random(in: 1...4, using: &random)),
                leaves: Int.random(in: 1...7, using: &random),
                speeds: (0..<ranks).map { _ in Double(Int.random(in: 1...20, using: &random)) * 0.05 }
            )
            if Bool.random(using: &random) {
                search.attentionMemory = Int.random(in: 1...4, using: &random)
                search.leafMemory = Int.random(in: 0...4, using: &random)
                search.room = (0..<ranks).map { _ in Int.random(in: 0...30, using: &random) }
            }
            let found = search.best()
            let least = Self.leastTime(search)
            #expect(found.map(search.time) == least, "\(search)")
            guard let found else { continue }
            #expect(found.units.reduce(0, +) == units && found.leaves.reduce(0, +) == search.leaves)
            #expect(found.units.allSatisfy { $0 >= 1 })
            if let room = search.room {
                for rank in 0..<ranks {
                    let held = found.units[rank] * search.attentionMemory + found.leaves[rank] * search.leafMemory
                    #expect(held <= room[rank])
                }
            }
        }
    }

    @Test("the published shapes beside a host of half the speed: within 15 % of the ideal")
    func half() throws {
        // 2B: 8 KV heads of 2 query heads; 8B: 8 of 4.
        for (heads, hidden, intermediate) in [(16, 2048, 6144), (32, 4096, 12_288)] {
            let unit = Double((2 * heads / 8 + 2) * 128 * hidden)
            let leaf = Double(3 * intermediate / 32 * hidden)
            for speeds in [[1, 0.5], [1, 1, 0.5], [1, 0.5, 0.5], [1, 1, 1, 0.5]] {
                let search = ShareSearch(
                    attentionBytes: (0...8).map { Double($0) * unit },
                    leafBytes: leaf,
                    leaves: 32,
                    speeds: speeds
                )
                let ideal = (8 * unit + 32 * leaf) / speeds.reduce(0, +)
                let found = try #require(search.best())
                #expect(search.time(found) <= 1.15 * ideal, "\(heads) \(speeds): \(search.time(found) / ideal)")
            }
        }
    }

    @Test("sixteen ranks with little room are soon done")
    func large() {
        var search = ShareSearch(
            attentionBytes: (0...32).map(Double.init),
            leafBytes: 3,
            leaves: 32,
            speeds: (0..<16).map { 1 - 0.05 * Double($0 % 5) }
        )
        search.attentionMemory = 3
        search.leafMemory = 5
        search.room = (0..<16).map { 14 + 2 * ($0 % 4) }
        let found = search.best()
        #expect(found?.leaves.reduce(0, +) == 32)
    }
}

struct MeasuredSharesTests {
    @Test("noise between equal machines changes nothing; half the speed is half the weight")
    func weights() {
        #expect(MeasuredShares.weights([16.1e9, 15.2e9, 15.9e9]) == nil)
        #expect(MeasuredShares.weights([16e9]) == nil)
        #expect(MeasuredShares.weights([16.1e9, 8.2e9]) == [1, 0.5])
        #expect(MeasuredShares.weights([8.2e9, 16.1e9, 15.9e9, 7.9e9]) == [0.5, 1, 1, 0.5])
        #expect(MeasuredShares.weights([100, 1]) == [1, 0.05])
        #expect(MeasuredShares.weights([100, 0]) == nil)
        #expect(MeasuredShares.weights([.nan, 1]) == nil)
    }

    @Test("machines of few kinds, with four per cent of noise: one weight a kind, always")
    func storm() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<5000 {
            let kinds = [1, 0.75, 0.5, 0.25].prefix(Int.random(in: 1...4, using: &random))
            let mine = (0..<Int.random(in: 1...8, using: &random)).map { _ in kinds.randomElement(using: &random) ?? 1 }
            let noisy = mine.map { $0 * 1e10 * Double.random(in: 0.96...1.04, using: &random) }
            let weights = MeasuredShares.weights(noisy)
            guard Set(mine).count > 1, let weights else {
                #expect(Set(mine).count == 1 && weights == nil)
                continue
            }
            for (a, b) in zip(mine, weights) {
                #expect(zip(mine, weights).allSatisfy { ($0 == a) == ($1 == b) }, "\(mine) \(weights)")
            }
        }
    }
}
