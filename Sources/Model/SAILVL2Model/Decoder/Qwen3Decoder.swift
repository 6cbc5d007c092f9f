package import Checkpoints
package import Communication
package import Kernels
package import Sharding
internal import Tensors

/// One rank's shard of the Qwen3 decoder.
///
/// ```
/// h ← embed(tokens), visual tokens in their places
/// for each layer: h ← layer(h)
/// logits ← head(RMSNorm(h)) for the wanted rows
/// ```
///
/// Every element is computed by one fixed sequence of operations, whatever stands beside it in the batch and whoever
/// computes the rest: logits have the same bits for any chunking of a prompt, any company and any number of ranks.
///
/// ## Communication
/// One all-gather of embeddings, then two all-reduces of `[tokens, hidden]` a layer.
///
/// - SeeAlso: `Qwen3ForCausalLM` in Hugging Face `transformers/models/qwen3/modeling_qwen3.py`.
package final class Qwen3Decoder {
    package let config: ModelConfig.Decoder
    package let plan: ShardPlan
    package let communicator: any Communicator
    package let workspace: DecoderWorkspace
    private let embedding: VocabParallelEmbedding
    private let layers: [Qwen3DecoderLayer]
    private let finalNorm: [Float]

    /// Loads the shard of this rank.
    ///
    /// - Parameters:
    ///   - kept: where the matrices are put, or are already.
    ///   - onProgress: called after each part with (parts done, parts in all).
    /// - Throws: when a packed file cannot be read, or its pages cannot be locked.
    package init(
        _ checkpoint: Checkpoint,
        plan: ShardPlan,
        options: DecoderOptions,
        communicator: any Communicator,
        pool: ThreadPool,
        kept: KeptWeights? = nil,
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        config = checkpoint.config.decoder
        self.plan = plan
        self.communicator = communicator
        let parts = config.layers + 1
        let workspace = try DecoderWorkspace(
            config,
            plan: plan,
            options: options,
            communicator: communicator,
            pool: pool
        )
        self.workspace = workspace
        let loader = WeightLoader(
            checkpoint,
            options,
            byteCount: DecoderMemory.weightBytes(
                checkpoint,
                plan: plan,
                rank: communicator.rank,
                format: options.format
            ),
            kept: kept,
            pool: pool
        )
        embedding = try VocabParallelEmbedding(
            loader,
            plan: plan,
            maxRows: options.maxRows,
            communicator: communicator
        )
        onProgress(1, parts)
        var layers: [Qwen3DecoderLayer] = []
        for layer in 0..<config.layers {
            layers.append(
                try Qwen3DecoderLayer(loader, layer: layer, plan: plan, rank: communicator.rank, workspace: workspace)
            )
            onProgress(layer + 2, parts)
        }
        self.layers = layers
        PackedMatrix.foresee(layers.flatMap(\.products) + embedding.products, threads: pool.threads)
        finalNorm = checkpoint.required(TensorNames.finalNorm).floats()
        kept?.markFilled()
    }

    /// Computes the batch's keys and values, and the logits of the wanted rows.
    ///
    /// Collective: every decoder rank must call it with the same batch.
    ///
    /// - Returns: this rank's logits, `[wanted rows, vocabulary/tp]`, until the next call.
    package func forward(_ batch: DecoderBatch) throws(MPIError) -> UnsafePointer<Float> {
        let work = workspace
        precondition(batch.tokens.count <= work.maxRows, "\(batch.tokens.count) rows, room for \(work.maxRows)")
        work.pool.beginStep()
        defer { work.pool.endStep() }
        let hidden = work.rows(work.hidden, count: batch.tokens.count, width: config.hidden)
        try embed(batch, into: hidden)
        try run(batch, hidden)
        // Not before the passes are gone, which share them.
        work.forgetRuns()
        return logits(batch.logitsRows, of: hidden)
    }

    /// Takes the blocks of a step through the layers, in turns.
    private func run(_ batch: DecoderBatch, _ hidden: Rows) throws(MPIError) {
        let (first, second) = workspace.passes(of: batch, hidden)
        if second != nil { workspace.pollWhileComputing() }
        defer { workspace.pool.errand = nil }
        for (index, layer) in layers.enumerated() {
            try layer.attend(first, isFirst: index == 0)
            if let second { try layer.attend(second, isFirst: index == 0) }
            try layer.feedForward(first)
            if let second { try layer.feedForward(second) }
        }
        try workspace.mlpReduce.finish(first)
        if let second { try workspace.mlpReduce.finish(second) }
    }

    func embed(_ batch: DecoderBatch, into hidden: Rows) throws(MPIError) {
        let work = workspace
        work.isVisual.removeAll(keepingCapacity: true)
        for _ in batch.tokens { work.isVisual.append(false) }
        for rows in batch.visual {
            hidden.row(rows.row).update(from: rows.tokens, count: rows.count * config.hidden)
            for row in rows.row..<(rows.row + rows.count) { work.isVisual[row] = true }
        }
        try embedding.embed(batch.tokens, isVisual: work.isVisual, into: hidden.base)
    }

    /// Norms and multiplies the wanted rows only: the head is the largest matrix of all.
    private func logits(_ wanted: [Int], of hidden: Rows) -> UnsafePointer<Float> {
        let work = workspace
        let normed = work.rows(work.normed, count: wanted.count, width: config.hidden)
        for (place, row) in wanted.enumerated() {
            RMSNorm.run(
                work.pool,
                hidden.rows(row..<(row + 1)),
                weight: finalNorm,
                epsilon: config.rmsNormEpsilon,
                into: normed.rows(place..<(place + 1))
            )
        }
        let width = plan.shards[communicator.rank].vocabularyRows.count
        let logits = work.rows(work.logits, count: wanted.count, width: width)
        if !wanted.isEmpty {
            work.squares?.add(normed, .head, pool: work.pool)
            embedding.logits(normed, into: logits, pool: work.pool)
        }
        return UnsafePointer(logits.base)
    }

    /// Bytes of the weights that this rank holds.
    package var weightBytes: Int {
        layers.reduce(embedding.weightBytes) { $0 + $1.weightBytes } + 4 * finalNorm.count
    }

    /// Bytes of the weights that a step with logits reads, however few its tokens.
    package var stepBytes: Int {
        layers.reduce(embedding.headBytes) { $0 + $1.weightBytes } + 4 * finalNorm.count
    }

    /// All-reduces so far and bytes sent by this rank, embedding included.
    package var communicationCounters: (allReduces: Int, bytesSent: Int) {
        let reduces = [workspace.attentionReduce, workspace.mlpReduce]
        return (reduces.reduce(0) { $0 + $1.calls }, reduces.reduce(embedding.bytesSent) { $0 + $1.bytesSent })
    }
}
