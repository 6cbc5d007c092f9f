/// Cuts attention units and MLP leaves among ranks of unequal speed so that a step is as short as it can be.
///
/// The all-reduces behind attention and behind the MLP let every rank wait for the slowest, so a step takes the slowest
/// rank's time in attention *plus* the slowest rank's time in the MLP; that sum is least here, not approximately. What a rank
/// holds stays within its room.
package struct ShareSearch: Sendable {
    /// Bytes that a rank with so many attention units reads in a step; from 0 units on, rising.
    package var attentionBytes: [Double]
    /// Bytes of one leaf.
    package var leafBytes: Double
    package var leaves: Int
    /// Bytes a second of each rank, in any unit.
    package var speeds: [Double]
    /// What an attention unit takes of a rank's room: weights and cache.
    package var attentionMemory = 0
    package var leafMemory = 0
    /// Of each rank; `nil` is without limit.
    package var room: [Int]?

    package init(attentionBytes: [Double], leafBytes: Double, leaves: Int, speeds: [Double]) {
        precondition(attentionBytes.count > speeds.count, "\(attentionBytes.count - 1) units, \(speeds.count) ranks")
        (self.attentionBytes, self.leafBytes, self.leaves, self.speeds) = (attentionBytes, leafBytes, leaves, speeds)
    }

    package struct Shares: Sendable, Equatable {
        /// Attention units of each rank, at least one.
        package var units: [Int]
        package var leaves: [Int]
    }

    private var units: Int { attentionBytes.count - 1 }

    /// The time of a step, in the unit of bytes by that of speeds.
    package func time(_ shares: Shares) -> Double {
        let ranks = speeds.indices
        return (ranks.map { attentionBytes[shares.units[$0]] / speeds[$0] }.max() ?? 0)
            + (ranks.map { leafBytes * Double(shares.leaves[$0]) / speeds[$0] }.max() ?? 0)
    }

    /// The shares of the shortest step; `nil` if the ranks have too little room for the model.
    package func best() -> Shares? {
        var best: (time: Double, shares: Shares)?
        let mlpTimes = Set(speeds.flatMap { speed in (0...leaves).map { leafBytes * Double($0) / speed } }).sorted()
        // Without regard to time: what fits at all.
        let anything = (units: speeds.map { _ in units }, leaves: speeds.map { _ in leaves })
        guard let most = mlpTimes.last, fit(anything.units, anything.leaves) != nil else { return nil }
        var least: Double?
        for attention in Set(speeds.flatMap { speed in attentionBytes.dropFirst().map { $0 / speed } }).sorted() {
            let limits = unitLimits(attention)
            guard limits.allSatisfy({ $0 >= 1 }), limits.reduce(0, +) >= units else { continue }
            // What the MLP takes without regard to room bounds what more time for attention can bring.
            let unbound = least ?? mlpTimes.first { leafLimits($0).reduce(0, +) >= leaves } ?? most
            least = unbound
            if let best, attention + unbound >= best.time { break }
            guard let found = shortest(mlpTimes, limits) else { continue }
            if best.map({ attention + found.time < $0.time }) ?? true { best = (attention + found.time, found.shares) }
        }
        return best?.shares
    }

    /// The shortest MLP beside attention units within `limits`, and its shares.
    private func shortest(_ times: [Double], _ limits: [Int]) -> (time: Double, shares: Shares)? {
        guard fit(limits, speeds.map { _ in leaves }) != nil else { return nil }
        var low = 0
        var high = times.count
        var shares: Shares?
        while low < high {
            let middle = (low + high) / 2
            if let found = fit(limits, leafLimits(times[middle])) {
                shares = found
                high = middle
            } else {
                low = middle + 1
            }
        }
        return shares.map { (times[low], $0) }
    }

    /// Units of each rank within a time.
    private func unitLimits(_ time: Double) -> [Int] {
        speeds.map { speed in (attentionBytes.lastIndex { $0 / speed <= time }) ?? 0 }
    }

    private func leafLimits(_ time: Double) -> [Int] {
        speeds.map { speed in (0...leaves).last { leafBytes * Double($0) / speed <= time } ?? 0 }
    }

    /// Shares within limits and room, if there are any.
    private func fit(_ unitLimits: [Int], _ leafLimits: [Int]) -> Shares? {
        guard let units = room == nil ? spread(unitLimits) : packed(unitLimits, leafLimits) else { return nil }
        let limits = leafLimits.indices.map { leafRoom($0, units: units[$0], leafLimits) }
        guard limits.reduce(0, +) >= leaves else { return nil }
        let counts = Self.spread(leaves, limits, atLeast: 0) { leafBytes * Double($1) / speeds[$0] }
        return counts.map { Shares(units: units, leaves: $0) }
    }

    private func spread(_ limits: [Int]) -> [Int]? {
        Self.spread(units, limits, atLeast: 1) { attentionBytes[$1] / speeds[$0] }
    }

    /// One unit after the other to the rank that is soonest done with it.
    private static func spread(
        _ count: Int,
        _ limits: [Int],
        atLeast: Int,
        time: (_ rank: Int, _ count: Int) -> Double
    ) -> [Int]? {
        var counts = limits.map { _ in atLeast }
        guard zip(counts, limits).allSatisfy({ $0 <= $1 }), counts.reduce(0, +) <= count else { return nil }
        while counts.reduce(0, +) < count {
            let open = counts.indices.filter { counts[$0] < limits[$0] }
            guard let next = open.min(by: { time($0, counts[$0] + 1) < time($1, counts[$1] + 1) }) else { return nil }
            counts[next] += 1
        }
        return counts
    }

    /// Leaves that a rank has time and room for beside its attention units; negative if those alone are too much.
    private func leafRoom(_ rank: Int, units: Int, _ limits: [Int]) -> Int {
        guard let room else { return limits[rank] }
        let left = room[rank] - units * attentionMemory
        guard left >= 0 else { return -1 }
        return leafMemory == 0 ? limits[rank] : min(limits[rank], left / leafMemory)
    }

    /// Units of each rank that leave most room for leaves: a table over ranks and units handed out.
    private func packed(_ unitLimits: [Int], _ leafLimits: [Int]) -> [Int]? {
        var most = [Int?](repeating: nil, count: units + 1)
        most[0] = 0
        var choices: [[Int]] = []
        for rank in speeds.indices {
            var next = [Int?](repeating: nil, count: units + 1)
            var choice = [Int](repeating: 0, count: units + 1)
            for (given, sum) in most.enumerated() {
                guard let sum, unitLimits[rank] >= 1, given < units else { continue }
                for count in 1...min(unitLimits[rank], units - given) {
                    let leaves = leafRoom(rank, units: count, leafLimits)
                    guard leaves >= 0, sum + leaves > next[given + count] ?? -1 else { continue }
                    next[given + count] = sum + leaves
                    choice[given + count] = count
                }
            }
            most = next
            choices.append(choice)
        }
        guard most[units] != nil else { return nil }
        var left = units
        var counts: [Int] = []
        for choice in choices.reversed() {
            counts.append(choice[left])
            left -= choice[left]
        }
        return counts.reversed()
    }
}
