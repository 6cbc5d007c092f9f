package import Checkpoints
package import Communication
package import Diagnostics
internal import Sharding

/// What a step takes on several ranks, foretold from three things: what it takes on one, the network's α and β, and the
/// bytes that the plan says.
///
/// A rank computes as long as one rank alone, times its part of what limits the work: bytes read where tokens are
/// decoded, operations where prompts are taken in. The slowest rank counts, and the exchanges come on top, or beside it.
package struct Forecast: Sendable {
    private let config: ModelConfig.Decoder
    private let weightBytes: Double
    private let elementBytes: Int

    /// - Parameters:
    ///   - weightBytes: bytes of a weight as ranks hold it.
    ///   - elementBytes: of a number of the embedding in a message.
    package init(_ config: ModelConfig.Decoder, weightBytes: Double, elementBytes: Int) {
        (self.config, self.weightBytes, self.elementBytes) = (config, weightBytes, elementBytes)
    }

    /// One step.
    package struct Step: Sendable, Equatable {
        /// Of the slowest rank.
        package var compute: Double
        package var exchange: Double
        package var seconds: Double
        /// Sent by the rank that sends most.
        package var sentBytes: Double
    }

    /// - Parameters:
    ///   - alone: seconds that one rank takes for this work.
    ///   - domains: which ranks share memory; by default none.
    ///   - network: between them; `nil` only for one rank.
    ///   - ways: the network by which the ranks choose the ways of their sums; by default the line through the ends of its curve.
    /// - Throws: `UsageError` where the ranks do not fit the model.
    package func step(
        _ work: Workload,
        ranks: Int,
        alone: Double,
        domains: MemoryDomains? = nil,
        network: NetworkCurve?,
        ways: NetworkModel? = nil
    ) throws(UsageError) -> Step {
        let plan = try ShardPlan(config, ranks: ranks)
        let compute = alone * (try share(work, plan))
        guard ranks > 1, let network else { return Step(compute: compute, exchange: 0, seconds: compute, sentBytes: 0) }
        let traffic = StepTraffic(
            config,
            plan,
            elementBytes: elementBytes,
            domains: domains,
            network: ways ?? network.line
        )
        let exchange = traffic.seconds(rows: work.rows, network)
        let seconds = StepTime.seconds(
            compute: compute,
            exchange: exchange,
            blocks: traffic.blocks(rows: work.rows),
            sums: traffic.allReduces
        )
        return Step(
            compute: compute,
            exchange: exchange,
            seconds: seconds,
            sentBytes: traffic.mostBytesSent(rows: work.rows)
        )
    }

    /// The largest of the ranks' parts of what limits the work.
    private func share(_ work: Workload, _ plan: ShardPlan) throws(UsageError) -> Double {
        let whole = try ShardPlan(config, ranks: 1)
        let most = plan.shards.map { amount(work, $0) }.max() ?? 0
        return most / amount(work, whole.shards[0])
    }

    private func amount(_ work: Workload, _ shard: ShardPlan.Shard) -> Double {
        let cost = StepWork(config, shard: shard)
        return work.kind == .decode ? cost.readBytes(work, weightBytes: weightBytes) : cost.operations(work)
    }

    /// Seconds of the slowest rank at the machine's ceiling: bytes at the bandwidth, or operations at the peak, whichever
    /// takes longer.
    package func roofline(
        _ work: Workload,
        ranks: Int,
        bytesPerSecond: Double,
        operationsPerSecond: Double
    ) throws(UsageError) -> Double {
        let plan = try ShardPlan(config, ranks: ranks)
        return plan.shards.map { shard in
            let cost = StepWork(config, shard: shard)
            return max(
                cost.readBytes(work, weightBytes: weightBytes) / bytesPerSecond,
                cost.operations(work) / operationsPerSecond
            )
        }.max() ?? 0
    }
}
