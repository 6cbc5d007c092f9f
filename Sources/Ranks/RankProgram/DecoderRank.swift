internal import Checkpoints
internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Kernels
internal import Requests
internal import SAILVL2Model
internal import Sharding

/// What a decoder rank does from the loading of its shard to the shutdown.
struct DecoderRank {
    let checkpoint: Checkpoint
    let options: RankOptions
    let endpoint: any RankEndpoint
    let communicator: any Communicator
    let inbox: any TileInbox
    let threads: Int
    /// The ranks of the world that are on this host.
    let ranksHere: [Int]
    /// What `ReadMeasurement` found, where it looked.
    var readBytesPerSecond: Double?

    /// Loads this rank's shard and reports that it is ready.
    ///
    /// - Returns: what works, with what it has on its disk, and the weights that are to be removed when the work is over.
    func load() throws -> (worker: DecoderWorker, pages: PagesOfRank?, kept: KeptWeights?) {
        let started = ContinuousClock.now
        let plan = try options.shardPlan(checkpoint.config.decoder)
        let decoderOptions = try DecoderOptions(options, checkpoint)
        let kept = keptWeights(plan, decoderOptions)
        let decoder = try Qwen3Decoder(
            checkpoint,
            plan: plan,
            options: decoderOptions,
            communicator: communicator,
            pool: ThreadPool(threads: threads),
            kept: kept
        ) { done, total in
            endpoint.send(.progress(stage: "load", done: done, total: total))
            endpoint.tick()
        }
        var stats = RankStats()
        stats.weightBytes = decoder.weightBytes
        stats.cacheBytes = decoder.workspace.cache.byteCount
        stats.loadMilliseconds = (ContinuousClock.now - started).milliseconds
        stats.kernels = KernelSet.active.name
        stats.threads = threads
        stats.heads = plan.shards[communicator.rank].queryHeads.count
        stats.rows = plan.shards[communicator.rank].mlpRows.count
        stats.stepBytes = decoder.stepBytes
        stats.readBytesPerSecond = readBytesPerSecond ?? 0
        stats.computation = options.computation(in: decoderOptions.format)
        let pages = try PagesOfRank(decoder, checkpoint, options, decoderOptions.format, endpoint)
        endpoint.send(.ready(stats))
        return (DecoderWorker(decoder: decoder, inbox: inbox, storage: pages?.store), pages, kept)
    }

    /// The memory in which this host keeps the rank's weights; nothing stays there that no rank of this group wants.
    private func keptWeights(_ plan: ShardPlan, _ decoder: DecoderOptions) -> KeptWeights? {
        // A draft model's ranks have none to keep, and those beside them are not theirs to remove.
        guard options.draftLead == 0 else { return nil }
        let isKept = options.placement == .keep
        let edition = isKept ? KeptWeights.edition(of: checkpoint) : ""
        let key = { (rank: Int) in
            // Another build may lay them out differently.
            let text = "\(plan.shards[rank]) \(decoder.format.rawValue) \(Machine.build) \(edition)"
            return String(checkpoint.fingerprint, radix: 16) + "-" + String(MPICommunicator.digest(text), radix: 16)
        }
        let mine = ranksHere.filter { isKept && plan.shards.indices.contains($0) }
        KeptWeights.clean(keeping: Set(mine.map(key)))
        guard isKept else { return nil }
        let rank = communicator.rank
        let bytes = DecoderMemory.weightBytes(checkpoint, plan: plan, rank: rank, format: decoder.format)
        let kept = KeptWeights(key: key(rank), byteCount: bytes)
        let what = kept.map { $0.isFilled ? "weights are there from before" : "weights will outlive this rank" }
        endpoint.send(.log(what ?? "no room in \(KeptWeights.parent) to keep \(bytes) bytes of weights"))
        return kept
    }

    /// Follows the leader's plans until it says that the work is over.
    func follow(_ worker: DecoderWorker, _ decoders: MPICommunicator) throws {
        let capacity = StepPlan.wordCapacity(worker.decoder, options)
        let words = UnsafeMutableBufferPointer<Int32>.allocate(capacity: capacity)
        defer { words.deallocate() }
        let activity = ActivityMeter()
        let plans = MPIBroadcast(decoders, .stepPlan)
        let pages = worker.storage.map { MPIPageOutbox($0, decoders) }
        // Filled anew by each message, so that one like the last takes no memory.
        var plan = StepPlan()
        while true {
            try plans.begin(into: UnsafeMutableRawBufferPointer(words))
            var idle = IdleWait()
            var byteCount = try plans.poll()
            while byteCount == nil {
                endpoint.tick()
                while endpoint.poll() != nil {}
                try inbox.advance()
                try pages?.advance()
                activity.report(to: endpoint, decoders.meter)
                idle.pause()
                byteCount = try plans.poll()
            }
            try plan.decode(UnsafeBufferPointer(rebasing: words[..<((byteCount ?? 0) / 4)]))
            if plan.isShutdown { return }
            let began = ContinuousClock.now
            _ = try worker.execute(plan)
            try pages?.advance()
            activity.noteStep(ContinuousClock.now - began)
            activity.report(to: endpoint, decoders.meter)
            endpoint.tick()
        }
    }
}

extension DecoderOptions {
    /// The sizes of a rank's work areas and cache, and how it holds weights.
    ///
    /// - Throws: where the checkpoint cannot be held in that format or place.
    init(_ options: RankOptions, _ checkpoint: Checkpoint) throws(UsageError) {
        let format = try checkpoint.format(asked: options.format)
        guard checkpoint.storedFormat.isQuantised || [.copy, .keep].contains(options.placement) else {
            throw UsageError(
                "--weights \(options.placement.rawValue) needs a packed checkpoint, "
                    + "and \(checkpoint.config.modelName) is not one",
                hint: "a rank repacks the weights of a published checkpoint into its own memory; flotilla pack writes "
                    + "a packed one"
            )
        }
        let limits = Scheduler.Limits(options, maxPositions: checkpoint.config.decoder.maxPositions)
        self.init(
            cacheElement: options.cacheElement,
            pages: limits.pages,
            maxRows: limits.maxRows,
            maxLogitsRows: limits.maxLogitsRows,
            format: format,
            placement: options.placement,
            wireFormat: options.wireFormat
        )
    }
}

extension Scheduler.Limits {
    /// The bounds of a group's steps: what its leader plans, and each of its decoder ranks has work areas for.
    init(_ options: RankOptions, maxPositions: Int) {
        self.init(
            prefillChunk: options.prefillChunk,
            maxSequences: options.maxSequences,
            pages: KVLayout.pages(for: options.cacheTokens),
            pageTokens: KVLayout.pageTokens,
            maxPositions: maxPositions,
            draftRows: options.speculation.draftRows,
            lead: options.draftLead
        )
    }
}

extension StepPlan {
    /// Words of the longest plan: twice as many sequences as may decode, each with every page and every token penalised, and
    /// the images of all requests in line.
    fileprivate static func wordCapacity(_ worker: Qwen3Decoder, _ options: RankOptions) -> Int {
        let pages = KVLayout.pages(for: options.cacheTokens)
        // Tokens that penalties know of: those of a context, and biases.
        let tokens = min(worker.config.vocabulary, worker.config.maxPositions)
        let adjustments = 3 * tokens + 2 * Sampling.maxBiases + 8
        // Every page may be on its way from the disk at once.
        let moved = 8 * pages + 8 * mostDrops
        return 1 << 16 + moved + 2 * options.maxSequences * (pages + 32 + adjustments) + 2 * worker.workspace.maxRows
    }
}
