internal import Constraints
internal import Kernels
internal import Sharding

/// Formats of answers: the mask comes before any filter, and travels only where a choice made without it is refused.
///
/// The best of all tokens, if it is allowed, is the best of those allowed. What a filter leaves depends on the mask,
/// so that rows with one always get it.
///
/// ## Communication
/// A word a row from the leader where a row is constrained, nearly always "nothing refused" while a model knows what is
/// asked of it. Then, for each row that was refused, a bit a token; and the records again.
extension LogitsGather {
    /// Words of 64 bits that a mask has.
    static func maskWords(_ plan: ShardPlan) -> Int { ((plan.shards.last?.vocabularyRows.upperBound ?? 0) + 63) / 64 }

    /// Masks the rows whose choices are refused, and looks through them again; says whether there were any.
    ///
    /// Collective.
    func mask(_ chosen: [ChosenToken], _ allowed: (_ run: Int, _ drafts: Int) -> AllowedTokens?) throws -> Bool {
        let refused = isLeader ? rows.indices.filter { isRefused(rows[$0], chosen[$0].token, allowed) } : []
        let wanted = try toldByLeader(refused)
        guard !wanted.isEmpty else { return false }
        let words = Self.maskWords(plan)
        for index in wanted {
            let bits = try exchange.spread(2 * words) { place in
                let target = place.bindMemory(to: UInt64.self, capacity: words)
                target.update(repeating: 0, count: words)
                let mask = allowed(rows[index].run, rows[index].drafts)?.mask
                for (word, bits) in (mask?.words ?? []).prefix(words).enumerated() {
                    target[word] = bits
                }
            }
            scan.mask(rows, index, bits.assumingMemoryBound(to: UInt64.self))
        }
        scan.choose(rows)
        if rows.contains(where: { $0.choice.needsTotal }) {
            try agreeOnLargest()
            scan.sumAgain(rows, largest: largest)
        }
        return true
    }

    private func isRefused(_ row: ShardScan.Row, _ token: Int32?, _ allowed: (Int, Int) -> AllowedTokens?) -> Bool {
        guard row.choice.isConstrained, let allowed = allowed(row.run, row.drafts) else { return false }
        guard row.choice.candidates == 0, let token else { return true }
        return !allowed.contains(token)
    }
}
