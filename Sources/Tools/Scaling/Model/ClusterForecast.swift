package import Checkpoints
package import Diagnostics
internal import Sharding

/// What machines that one does not have would come to, and where adding more of them stops paying.
package struct ClusterForecast: Sendable {
    package let config: ModelConfig.Decoder
    package let cluster: Cluster
    package let networks: [Outlook]

    /// One network, and one kind of step over it.
    package struct Outlook: Sendable {
        package let network: Cluster.Network
        package let work: Workload
        /// Of 1, 2, 3 … machines, up to as many as the model takes.
        package let steps: [Forecast.Step]

        /// - Parameter machines: from 1.
        package func speedup(_ machines: Int) -> Speedup {
            Speedup(ranks: machines, alone: steps[0].seconds, together: steps[machines - 1].seconds)
        }

        /// Tokens a second.
        package func rate(_ machines: Int) -> Double { Double(work.rows) / steps[machines - 1].seconds }

        /// The number of machines that is fastest.
        package var fastest: Int { (1...steps.count).min { steps[$0 - 1].seconds < steps[$1 - 1].seconds } ?? 1 }

        /// The most machines of which each still brings at least half of what one alone does.
        package var paying: Int { (1...steps.count).last { speedup($0).efficiency >= 0.5 } ?? 1 }
    }

    /// - Parameters:
    ///   - context: tokens in the cache where tokens are decoded.
    ///   - prompt: tokens of a prompt.
    /// - Throws: `UsageError` if a machine is asked for that the model has no share for.
    package init(
        _ config: ModelConfig.Decoder,
        _ cluster: Cluster,
        context: Int = 0,
        prompt: Int = 256
    ) throws(UsageError) {
        let most = cluster.machines.last ?? 1
        _ = try ShardPlan(config, ranks: most)
        let forecast = Forecast(
            config,
            weightBytes: cluster.format.bytesPerWeight,
            elementBytes: cluster.format.isQuantised ? 4 : 2
        )
        var networks: [Outlook] = []
        var works: [(work: Workload, alone: Double)] = []
        let bytes = cluster.memoryGigabytesPerSecond * 1e9
        let decode = Workload.decode(context: context)
        works.append(
            (
                decode,
                try forecast.roofline(
                    decode,
                    ranks: 1,
                    bytesPerSecond: bytes * cluster.decodeShare,
                    operationsPerSecond: .infinity
                )
            )
        )
        if let rate = cluster.gigaflopsPerCore {
            let prefill = Workload.prefill(prompt)
            let operations = rate * 1e9 * Double(cluster.cores) * cluster.prefillShare
            works.append(
                (
                    prefill,
                    try forecast.roofline(
                        prefill,
                        ranks: 1,
                        bytesPerSecond: bytes,
                        operationsPerSecond: operations
                    )
                )
            )
        }
        for (work, alone) in works {
            for network in cluster.networks {
                var steps: [Forecast.Step] = []
                for machines in 1...most {
                    steps.append(
                        try forecast.step(work, ranks: machines, alone: alone, network: NetworkCurve(network.model))
                    )
                }
                networks.append(Outlook(network: network, work: work, steps: steps))
            }
        }
        (self.config, self.cluster, self.networks) = (config, cluster, networks)
    }

    /// Gigabytes of weights on the machine that holds most, of so many.
    package func weightGigabytes(_ machines: Int) throws(UsageError) -> Double {
        let plan = try ShardPlan(config, ranks: machines)
        let bytes = plan.shards.map {
            let read = StepWork(config, shard: $0).weights * cluster.format.bytesPerWeight
            // The embedding is there too, and a step reads a row of it.
            let embedding = config.tiedEmbeddings ? 0 : Double(config.hidden * $0.vocabularyRows.count)
            return read + embedding * cluster.format.bytesPerWeight
        }
        return (bytes.max() ?? 0) / 1e9
    }
}
