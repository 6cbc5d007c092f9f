package import Checkpoints
internal import Communication
internal import Diagnostics

/// What follows from what was measured: a row for each kind of step and number of ranks.
package struct ScaleFigures: Sendable {
    package struct Row: Encodable, Sendable, Equatable {
        package var work: Workload
        package var ranks: Int
        /// Of a step; see ``ScaleFigures`` for what it is on hosts that share processors.
        package var seconds: Double
        package var tokensPerSecond: Double
        /// All ranks at once, on the processors that are here.
        package var wallSeconds: Double
        package var speedup: Double?
        package var efficiency: Double?
        package var serialShare: Double?
        /// Seconds of the slowest rank's computing, of what exchanges add to that, and, on the average, of waiting for the
        /// slowest rank.
        package var compute: Double
        package var communicate: Double
        package var wait: Double
        package var predictedSeconds: Double?
        /// Predicted against measured, relative.
        package var predictionError: Double?
        package var rooflineSeconds: Double?
        /// Of the rank that sends most.
        package var sentBytes: Int
        package var plannedBytes: Int
        package var isAsPlanned: Bool
        package var isWeak: Bool

        /// The same of tokens a second.
        package var rateError: Double? { predictionError.map { 1 / (1 + $0) - 1 } }
    }

    package let rows: [Row]
    /// By the number of ranks.
    package let fits: [Int: NetworkFit]

    /// - Parameter tokensPerRank: of the prompts that grow with the ranks.
    package init(_ record: ScaleRecord, _ config: ModelConfig.Decoder, tokensPerRank: Int) {
        var rows: [Row] = []
        var fits: [Int: NetworkFit] = [:]
        let alone = record.decoders.first { $0.ranks == 1 }
        for trial in record.decoders {
            let fit = NetworkFit(trial.network, ranks: max(trial.domains.count, 2))
            fits[trial.ranks] = fit
            for step in trial.steps {
                let curve = NetworkCurve(step.network)
                let isWeak = trial.ranks > 1 && Self.isWeak(step.work, trial.ranks, tokensPerRank)
                rows.append(Self.row(step, trial, alone, curve, record.setting, config, isWeak: isWeak))
            }
        }
        self.rows = rows
        self.fits = fits
    }

    /// Whether a step's work is so many times that of one rank as there are ranks.
    static func isWeak(_ work: Workload, _ ranks: Int, _ tokensPerRank: Int) -> Bool {
        work.kind == .decode ? work.sequences == ranks : work.tokens == ranks * tokensPerRank
    }

    /// The work that every number of ranks did, with its rows; none of one number alone.
    package var strong: [(work: Workload, rows: [Row])] {
        let counts = Set(rows.map(\.ranks)).count
        var works: [Workload] = []
        for row in rows where !works.contains(row.work) { works.append(row.work) }
        return works.map { work in (work, rows.filter { $0.work == work }) }
            .filter { counts > 1 && $0.rows.count == counts }
    }

    /// Work that grows with the ranks, of one kind, from one rank on.
    package func weak(_ kind: Workload.Kind, tokensPerRank: Int) -> [Row] {
        let grown = rows.filter { $0.work.kind == kind && Self.isWeak($0.work, $0.ranks, tokensPerRank) }
        return grown.contains { $0.ranks == 1 } && grown.count > 1 ? grown : []
    }

    private static func row(
        _ step: DecoderTrial.Step,
        _ trial: DecoderTrial,
        _ alone: DecoderTrial?,
        _ network: NetworkCurve?,
        _ setting: ScaleRecord.Setting,
        _ config: ModelConfig.Decoder,
        isWeak: Bool
    ) -> Row {
        let seconds = Self.seconds(step, trial.ranks, inTurns: setting.inTurns)
        let slowest = step.slowest
        let waits = step.compute.map { slowest - $0 }
        var row = Row(
            work: step.work,
            ranks: trial.ranks,
            seconds: seconds,
            tokensPerSecond: Double(step.work.rows) / seconds,
            wallSeconds: step.wall,
            compute: slowest,
            communicate: max(0, seconds - slowest),
            wait: waits.reduce(0, +) / Double(max(waits.count, 1)),
            sentBytes: step.sentBytes.max() ?? 0,
            plannedBytes: step.plannedBytes.max() ?? 0,
            isAsPlanned: step.sentBytes == step.plannedBytes,
            isWeak: isWeak
        )
        let forecast = Forecast(config, weightBytes: trial.weightBytes, elementBytes: trial.elementBytes)
        if let bytes = trial.bytesPerSecond.min(), let operations = trial.operationsPerSecond.min() {
            row.rooflineSeconds = try? forecast.roofline(
                step.work,
                ranks: trial.ranks,
                bytesPerSecond: bytes,
                operationsPerSecond: operations
            )
        }
        guard let alone, let base = alone.steps.first(where: { $0.work == step.work }) else { return row }
        let speedup = Speedup(
            ranks: trial.ranks,
            alone: base.wall,
            together: seconds
        )
        (row.speedup, row.efficiency, row.serialShare) = (speedup.factor, speedup.efficiency, speedup.serialShare)
        guard trial.ranks > 1, network != nil || trial.domains.count == 1 else { return row }
        let foretold = try? forecast.step(
            step.work,
            ranks: trial.ranks,
            alone: base.wall,
            domains: Self.domains(trial),
            network: network ?? NetworkCurve(NetworkModel(latency: 0, secondsPerByte: 0)),
            ways: trial.ways
        )
        row.predictedSeconds = foretold?.seconds
        row.predictionError = foretold.map { $0.seconds / seconds - 1 }
        return row
    }

    private static func domains(_ trial: DecoderTrial) -> MemoryDomains {
        var labels = Array(repeating: 0, count: trial.ranks)
        for (label, ranks) in trial.domains.enumerated() { for rank in ranks { labels[rank] = label } }
        return MemoryDomains(labels: labels)
    }

    /// Seconds of a step.
    ///
    /// On hosts with processors of their own it is what all ranks took at once. Where hosts share processors, ranks would
    /// wait for each other's computing, which no cluster does: there it is the slowest rank's computing, which each did by
    /// itself, and the step's exchanges, which all did at once over the network, as one or the other hides.
    package static func seconds(_ step: DecoderTrial.Step, _ ranks: Int, inTurns: Bool) -> Double {
        guard inTurns, ranks > 1 else { return step.wall }
        return StepTime.seconds(
            compute: step.slowest,
            exchange: step.exchange,
            blocks: step.blocks,
            sums: step.sums
        )
    }
}
