internal import Checkpoints
internal import Communication
internal import Diagnostics
package import SAILVL2Model
internal import Tensors

/// One decoder rank's share of every step, on the leader and on the followers alike.
package final class DecoderWorker {
    package let decoder: Qwen3Decoder
    package let images: ImageStore
    private let inbox: any TileInbox
    private let logits: LogitsGather
    private var dropped: FloatBuffer?

    package init(decoder: Qwen3Decoder, inbox: any TileInbox) {
        self.decoder = decoder
        self.inbox = inbox
        images = ImageStore(hidden: decoder.config.hidden)
        logits = LogitsGather(plan: decoder.plan, communicator: decoder.communicator)
    }

    /// Carries out a plan: images, tiles, the forward pass, and the way of the logits to the leader.
    ///
    /// Collective: every decoder rank must execute the same plans in the same order.
    ///
    /// - Returns: on the leader, what each wanted row's logits came to; elsewhere empty.
    package func execute(_ plan: StepPlan) throws -> [LogitsResult] {
        for opening in plan.openings { images.open(slot: opening.slot, tokens: Int(opening.tokens)) }
        for tile in plan.arrivals { try take(tile) }
        var results: [LogitsResult] = []
        if !plan.runs.isEmpty {
            let shard = try decoder.forward(try batch(of: plan))
            results = try logits.gather(plan, shard)
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

    private func batch(of plan: StepPlan) throws -> DecoderBatch {
        var visual: [DecoderBatch.VisualRows] = []
        for rows in plan.visual {
            guard let place = images.place(slot: rows.slot, offset: Int(rows.offset), tokens: Int(rows.count)) else {
                throw StepPlanError(description: "a step uses visual tokens of image \(rows.slot), which is not open")
            }
            visual.append(DecoderBatch.VisualRows(row: Int(rows.row), count: Int(rows.count), tokens: place))
        }
        return DecoderBatch(
            tokens: plan.tokens,
            runs: plan.runs.map { DecoderBatch.Run(start: Int($0.start), count: Int($0.count), pages: $0.pages) },
            visual: visual,
            logitsRows: plan.logitsRows.map(\.row)
        )
    }
}
