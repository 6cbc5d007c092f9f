package import Checkpoints
internal import Communication
internal import Kernels
internal import SAILVL2Model
package import Scaling
internal import Sharding

/// Measures steps of the decoder on the ranks of this group: each rank's computing, the exchanges, both together.
package struct ScaleTrial {
    /// What is to be measured, the same on every rank.
    package struct Job: Sendable {
        package var format: WeightFormat
        package var threads: Int
        package var works: [Workload]
        /// Whether ranks compute one after the other, since their hosts share processors.
        package var inTurns: Bool
        package var rounds: Int

        package init(format: WeightFormat, threads: Int, works: [Workload], inTurns: Bool, rounds: Int) {
            (self.format, self.threads, self.works) = (format, threads, works)
            (self.inTurns, self.rounds) = (inTurns, rounds)
        }
    }

    private let checkpoint: Checkpoint
    private let job: Job
    private let group: BenchmarkGroup
    private let plan: ShardPlan
    private let decoder: Qwen3Decoder
    private let pausable: PausableCommunicator?
    private let turns: Turns
    private let pool: ThreadPool
    private let loaded: (seconds: Double, bytes: Int)

    /// Loads this rank's shard.
    ///
    /// Collective.
    package init(_ checkpoint: Checkpoint, _ job: Job, in group: BenchmarkGroup) throws {
        (self.checkpoint, self.job, self.group) = (checkpoint, job, group)
        plan = try ShardPlan(checkpoint.config.decoder, ranks: group.size)
        pool = ThreadPool(threads: job.threads)
        let world = group.size > 1 ? group.mpi : nil
        pausable =
            if job.inTurns, let world {
                PausableCommunicator(world, network: try NetworkModel.measure(world))
            } else {
                nil
            }
        turns = Turns(job.inTurns ? world : nil)
        let before = LoadBenchmark.privateBytes
        let began = ContinuousClock.now
        decoder = try BenchmarkModel.decoder(
            checkpoint,
            format: job.format,
            plan: plan,
            sizes: Self.sizes(job.works),
            communicator: pausable ?? group.communicator,
            pool: pool
        )
        loaded = ((ContinuousClock.now - began) / .seconds(1), LoadBenchmark.privateBytes - before)
    }

    private static let decodePositions = 64
    /// Steps' tokens that exchanges are repeated with.
    private static let tokenLists = 16
    /// Turns of a step's exchanges in each round, and how long one takes about.
    private static let turnsOfRound = 2
    private static let turnSeconds = 0.2

    private static func sizes(_ works: [Workload]) -> DecoderBenchmark.Sizes {
        let pages = works.map {
            $0.sequences * KVLayout.pages(for: $0.context + max($0.tokens, decodePositions)) * KVLayout.pageTokens
        }
        return .init(
            cacheTokens: pages.max() ?? 64,
            rows: max(8, works.map(\.rows).max() ?? 8),
            sequences: works.map(\.sequences).max() ?? 1
        )
    }

    private var domains: MemoryDomains { decoder.workspace.fabric.domains }

    /// Collective; the same on every rank.
    package func run() throws -> DecoderTrial {
        var trial = DecoderTrial(ranks: group.size)
        let sizes = Self.sizes(job.works)
        let options = BenchmarkModel.options(job.format, sizes)
        let planned = DecoderWorkspace.workBytes(
            checkpoint.config.decoder,
            plan: plan,
            rank: group.rank,
            options: options,
            domains: domains
        )
        trial.threads = try group.integers(job.threads)
        trial.loadSeconds = try group.all(loaded.seconds)
        trial.residentBytes = try group.integers(loaded.bytes)
        trial.plannedBytes = try group.integers(decoder.weightBytes + planned)
        trial.domains = domains.members
        trial.elementBytes = VocabParallelEmbedding.elementBytes(checkpoint, job.format)
        let weights = try group.all(Double(decoder.stepBytes)).reduce(0, +)
        let whole = try ShardPlan(checkpoint.config.decoder, ranks: 1).shards[0]
        trial.weightBytes = weights / StepWork(checkpoint.config.decoder, shard: whole).weights
        trial.ways = decoder.workspace.fabric.network
        (trial.bytesPerSecond, trial.operationsPerSecond) = try ceilings()
        let network = networkSamples()
        for work in job.works { trial.steps.append(try step(work, network)) }
        trial.network = network?.samples() ?? []
        return trial
    }

    /// Exchanges of all speakers with all, from next to nothing to a megabyte; `nil` on ranks that do not speak for their host.
    private func networkSamples() -> NetworkSamples? {
        let speakers = decoder.workspace.fabric.speakers.flatMap { $0 as? MPICommunicator }
        guard domains.count > 1, let world = group.mpi else { return nil }
        return (pausable != nil ? world : speakers).map { NetworkSamples($0) }
    }

    /// Bytes and operations a second of each rank.
    private func ceilings() throws -> (bytes: [Double], operations: [Double]) {
        let (bytes, operations) = try turns.each { () -> (Double, Double) in
            let probe = MachineProbe(pool: pool, bytes: 256 << 20)
            let peak = probe.peak(of: job.format)
            _ = probe.readBandwidth()
            return (max(probe.readBandwidth(), probe.readBandwidth()), peak)
        }
        return (try group.all(bytes), try group.all(operations))
    }

    // MARK: - One kind of step

    private func step(_ work: Workload, _ network: NetworkSamples?) throws -> DecoderTrial.Step {
        let positions = max(work.tokens, Self.decodePositions)
        var batches = StepBatches(decoder, sequences: work.sequences, context: work.context, positions: positions)
        if work.context > 0 { batches.fillCache() }
        func next() -> DecoderBatch {
            work.kind == .decode ? batches.nextDecode() : batches.prefill(work.tokens)
        }
        let (sent, planned) = try bytes(next())
        let rounds = Rounds(count: job.rounds)
        let turnsBefore = network?.turns ?? 0
        try network?.measure()
        let before = talked.seconds
        var steps = 0
        let wall = try rounds.measure(in: group) {
            _ = try decoder.forward(next())
            steps += 1
        }
        let talk = (talked.seconds - before) / Double(steps)
        var compute = max(0, wall.median - talk)
        var exchange = max(0, wall.median - (try group.maximum(compute)))
        if let pausable {
            // The same on every rank: each repeats its own work as often as it is quick. A token is of another rank every time:
            // were it always the same one's, that rank would be ahead of the others, and its message would take no time.
            let tokens = (0..<Self.tokenLists).map { _ in next().tokens }
            var turn = 0
            func exchangeOnce() throws {
                try decoder.exchange(tokens[turn % tokens.count])
                turn += 1
            }
            pausable.isPaused = true
            let (alone, adding) = try turns.each { () -> (Double, Double) in
                let solo = BenchmarkGroup()
                let alone = try rounds.measure(in: solo) { _ = try decoder.forward(next()) }.median
                return (alone, try rounds.measure(in: solo) { try exchangeOnce() }.median)
            }
            pausable.isPaused = false
            compute = alone
            turn = 0
            let all = try seconds(ofExchange: exchangeOnce, beside: network)
            // What is added up is counted with the computing.
            exchange = max(0, all - (try group.maximum(adding)))
        }
        try network?.measure()
        let traffic = traffic
        return DecoderTrial.Step(
            work: work,
            wall: wall.median,
            compute: try group.all(compute),
            exchange: exchange,
            sentBytes: sent,
            plannedBytes: planned,
            blocks: traffic.blocks(rows: work.rows),
            sums: traffic.allReduces,
            network: network?.samples(behind: turnsBefore) ?? []
        )
    }

    /// The median of turns between which the network is measured.
    ///
    /// All ranks begin at once each time, as they do when the leader has told them of a step: else the one that only sends its
    /// row of the embedding would begin the first sum while the others wait for that row, and both would take the time of one.
    ///
    /// Collective.
    private func seconds(ofExchange body: () throws -> Void, beside network: NetworkSamples?) throws -> Double {
        func mean(_ times: Int) throws -> Double {
            var taken = Duration.zero
            for _ in 0..<times {
                try group.barrier()
                taken += try ContinuousClock().measure(body)
            }
            return try group.maximum(taken / .seconds(1)) / Double(times)
        }
        _ = try mean(1)
        let times = try group.agreed(max(1, Int(Self.turnSeconds / max(try mean(1), 1e-7))))
        return Spread(
            try (0..<Self.turnsOfRound * job.rounds).map { _ in
                try network?.measure()
                return try mean(times)
            }
        ).median
    }

    /// Bytes that each rank sends for one step: counted, and planned.
    private func bytes(_ batch: DecoderBatch) throws -> (sent: [Int], planned: [Int]) {
        let before = talked.bytes
        _ = try decoder.forward(batch)
        let sent = talked.bytes - before
        return (try group.integers(sent), try group.integers(traffic.bytesSent(group.rank, tokens: batch.tokens)))
    }

    private var traffic: StepTraffic {
        StepTraffic(
            checkpoint.config.decoder,
            plan,
            elementBytes: VocabParallelEmbedding.elementBytes(checkpoint, job.format),
            domains: domains,
            network: decoder.workspace.fabric.network
        )
    }

    /// Time in calls that exchange something, and the bytes sent by them: to other hosts, and on one host to other ranks.
    private var talked: (seconds: Double, bytes: Int) {
        let fabric = decoder.workspace.fabric
        let main = decoder.communicator
        var meters = [main.meter]
        if let speakers = fabric.speakers, speakers !== main { meters.append(speakers.meter) }
        let bytes = meters.reduce(0) { $0 + $1.sentBytes }
        // Waiting inside a host is no computing either.
        if let local = fabric.local { meters.append(local.meter) }
        return (meters.reduce(0) { $0 + $1.time / .seconds(1) }, bytes)
    }
}
