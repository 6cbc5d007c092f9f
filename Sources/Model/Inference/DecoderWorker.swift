internal import Checkpoints
internal import Communication
internal import Diagnostics
package import SAILVL2Model
internal import Tensors

/// One decoder rank's share of every step, on the leader and on the followers alike.
package final class DecoderWorker {
    package let decoder: Qwen3Decoder
    package let images: ImageStore
    package let storage: (any PageStorage)?
    private let inbox: any TileInbox
    private let logits: LogitsGather
    private var dropped: FloatBuffer?
    /// Bytes that this rank has contributed to choices: records, and whole rows of logits.
    package var gatheredBytes: (records: Int, whole: Int) { (logits.recordBytes, logits.wholeBytes) }
    /// Filled anew by every step, so that a step allocates nothing.
    private var batch = DecoderBatch(tokens: [], runs: [], logitsRows: [])
    private var wanted: [StepPlan.LogitsRow] = []

    /// - Parameter storage: where pages are kept outside of memory, if they are.
    package init(decoder: Qwen3Decoder, inbox: any TileInbox, storage: (any PageStorage)? = nil) {
        self.decoder = decoder
        self.storage = storage
        self.inbox = inbox
        images = ImageStore(hidden: decoder.config.hidden)
        logits = LogitsGather(
            plan: decoder.plan,
            maxRows: decoder.workspace.maxLogitsRows,
            communicator: decoder.communicator,
            pool: decoder.workspace.pool
        )
    }

    /// Carries out a plan: images, tiles, the forward pass, and the way of the logits to the leader.
    ///
    /// Collective: every decoder rank must execute the same plans in the same order.
    ///
    /// - Parameter allowed: on the leader, what a format allows a run whose choice is constrained, behind so many of its drafts.
    /// - Returns: on the leader, the token of each row with logits, in the order of the rows; elsewhere empty.
    package func execute(
        _ plan: StepPlan,
        allowed: (_ run: Int, _ drafts: Int) -> AllowedTokens? = { _, _ in nil }
    ) throws -> [ChosenToken] {
        for opening in plan.openings { images.open(slot: opening.slot, tokens: Int(opening.tokens)) }
        for tile in plan.arrivals { try take(tile) }
        storage?.remove(plan.drops)
        for transfer in plan.transfers { storage?.begin(transfer) }
        var results: [ChosenToken] = []
        if !plan.runs.isEmpty {
            try fillBatch(from: plan)
            let shard = try decoder.forward(batch)
            // The work area is this rank's own, and adjustments are made in place.
            results = try logits.gather(plan, wanted, UnsafeMutablePointer(mutating: shard), allowed)
            // Lists of pages are the plan's again.
            batch.runs.removeAll(keepingCapacity: true)
        }
        for slot in plan.closings { images.close(slot: slot) }
        return results
    }

    private func take(_ tile: StepPlan.TileArrival) throws {
        let count = Int(tile.tokens) * decoder.config.hidden
        let header = TileHeader(source: tile.source, image: tile.slot, offset: tile.offset, tokens: tile.tokens)
        if let place = images.place(slot: tile.slot, offset: Int(tile.offset), tokens: Int(tile.tokens)) {
            try inbox.receive(header, into: UnsafeMutableBufferPointer(start: place, count: count))
        } else {
            // The request was cancelled while the tile was on its way: it must still be taken off the wire.
            if (dropped?.count ?? 0) < count { dropped = FloatBuffer(count: count) }
            guard let dropped else { return }
            try inbox.receive(header, into: UnsafeMutableBufferPointer(start: dropped.pointer, count: count))
        }
    }

    private func fillBatch(from plan: StepPlan) throws {
        batch.visual.removeAll(keepingCapacity: true)
        for rows in plan.visual {
            guard let place = images.place(slot: rows.slot, offset: Int(rows.offset), tokens: Int(rows.count)) else {
                throw StepPlanError(description: "a step uses visual tokens of image \(rows.slot), which is not open")
            }
            batch.visual.append(DecoderBatch.VisualRows(row: Int(rows.row), count: Int(rows.count), tokens: place))
        }
        // Copied: what the plan shares with nobody is written over by the next one where it lies.
        batch.tokens.removeAll(keepingCapacity: true)
        batch.tokens.append(contentsOf: plan.tokens)
        batch.runs.removeAll(keepingCapacity: true)
        for run in plan.runs {
            batch.runs.append(DecoderBatch.Run(start: Int(run.start), count: Int(run.count), pages: run.pages))
        }
        plan.collectLogitsRows(into: &wanted)
        batch.logitsRows.removeAll(keepingCapacity: true)
        for row in wanted { batch.logitsRows.append(row.row) }
    }
}
