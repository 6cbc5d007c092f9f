package import Checkpoints
package import Communication
internal import SAILVL2Model
package import Sharding

/// What the decoder ranks send each other in a step, from the plan alone.
package struct StepTraffic: Sendable {
    private let sums: [ReducePlan]
    private let config: ModelConfig.Decoder
    private let rowsOfRank: [Range<Int>]
    /// Of a number of an embedding's row.
    private let elementBytes: Int
    private let domains: MemoryDomains

    /// - Parameters:
    ///   - elementBytes: of a number of the embedding; ranks that all share memory take it from there in four.
    ///   - network: between the domains, by which the ways of the sums are chosen.
    package init(
        _ config: ModelConfig.Decoder,
        _ plan: ShardPlan,
        elementBytes: Int,
        domains: MemoryDomains? = nil,
        network: NetworkModel? = nil
    ) {
        self.config = config
        self.domains = domains ?? .apart(plan.worldSize)
        self.elementBytes = self.domains.count == 1 ? 4 : elementBytes
        sums = DecoderWorkspace.reducePlans(config, plan, domains: self.domains, network: network)
        rowsOfRank = plan.shards.map(\.vocabularyRows)
    }

    private var ranks: Int { rowsOfRank.count }

    /// In how many blocks a step's rows are computed in turns, one while the other's sum travels.
    package func blocks(rows: Int) -> Int { TreeAllReduce.blockRows(rows, domains: domains.count).count }

    /// All-reduces of a step.
    package var allReduces: Int { ranks > 1 ? 2 * config.layers : 0 }

    /// The bytes that a rank sends for a step of these tokens.
    package func bytesSent(_ rank: Int, tokens: [Int32]) -> Int {
        guard ranks > 1 else { return 0 }
        let own = tokens.count { rowsOfRank[rank].contains(Int($0)) }
        return own * rowBytes * (ranks - 1) + sumBytes(rank, rows: tokens.count)
    }

    private func sumBytes(_ rank: Int, rows: Int) -> Int {
        let blocks = TreeAllReduce.blockRows(rows, domains: domains.count)
        return config.layers
            * sums.reduce(0) { all, sum in all + blocks.reduce(0) { $0 + sum.bytesSent(rank, rows: $1) } }
    }

    /// Whole words: a row in halves fills them up.
    private var rowBytes: Int { elementBytes == 2 ? (config.hidden + 1) / 2 * 4 : config.hidden * elementBytes }

    /// The most that a rank sends for a step of so many tokens, of which each rank owns as many.
    package func mostBytesSent(rows: Int) -> Double {
        guard ranks > 1 else { return 0 }
        let sums = (0..<ranks).map { sumBytes($0, rows: rows) }.max() ?? 0
        return Double(sums) + Double(rows * rowBytes * (ranks - 1)) / Double(ranks)
    }

    /// Seconds of all exchanges of a step by themselves, round after round.
    package func seconds(rows: Int, _ network: NetworkCurve) -> Double {
        guard domains.count > 1 else { return 0 }
        let blocks = TreeAllReduce.blockRows(rows, domains: domains.count)
        let rounds = sums.flatMap { sum in blocks.flatMap { sum.rounds(rows: $0) } }
        let ofLayer = rounds.reduce(0.0) { $0 + network.seconds(bytes: $1) }
        // Who owns a token sends its row to each other; of many tokens everybody owns some.
        let embedding = rows * rowBytes * (ranks - 1) / (rows > 1 ? ranks : 1)
        return Double(config.layers) * ofLayer + network.seconds(bytes: embedding)
    }
}
