package import Checkpoints
package import Communication
package import Kernels
internal import Sharding
internal import Tensors

/// The token embedding and the output head, whose vocabulary rows are split over the decoder ranks.
///
/// When the two are tied, one matrix serves both. A rank may own no row at all.
///
/// | Tensor    | Whole model               | On each rank                 |
/// |-----------|---------------------------|------------------------------|
/// | embedding | `[vocabulary, hidden]`    | `[vocabulary/tp, hidden]`    |
/// | head      | `[vocabulary, hidden]`    | `[vocabulary/tp, hidden]`    |
/// | logits    | `[rows, vocabulary]`      | `[rows, vocabulary/tp]`      |
///
/// ## Communication
/// Embedding: one all-gather of `[tokens, hidden]`, through shared memory when all ranks are on one host; none in a group
/// of one. Rows are copied, not summed, so that they keep their bits; those of bfloat16 travel as such. Head: none.
package final class VocabParallelEmbedding {
    package let rowsOfRank: [Range<Int>]
    private let embedding: PackedMatrix?
    private let head: PackedMatrix?
    private let hidden: Int
    /// Of the head: one chain over all columns.
    private let tree: SumTree
    private let communicator: any Communicator
    /// The ranks' rows, in the one or the other; neither in a group of one.
    private let shared: SharedBlocks?
    private let gathered: FloatBuffer
    /// Whether messages carry a row in half the bytes: the other halves of its numbers are zeros.
    private let isHalved: Bool
    private var layout: BlockLayout
    package private(set) var bytesSent = 0

    init(_ loader: WeightLoader, plan: ShardPlan, maxRows: Int, communicator: any Communicator) throws {
        let config = loader.checkpoint.config.decoder
        hidden = config.hidden
        tree = .single(columns: config.hidden)
        rowsOfRank = plan.shards.map(\.vocabularyRows)
        self.communicator = communicator
        let rows = rowsOfRank[communicator.rank]
        let load = { (name: String) in rows.isEmpty ? nil : try loader.rows([(name, rows)])[0] }
        let table = try load(TensorNames.embedding)
        embedding = table
        head = config.tiedEmbeddings ? table : try load(TensorNames.head)
        // One copy is enough: the layers' all-reduces lie between two embeddings.
        let blockBytes = plan.shards.map { $0.vocabularyRows.isEmpty ? 0 : maxRows * config.hidden * 4 }
        shared = communicator.size > 1 ? communicator.share(byteCounts: blockBytes, copies: 1) : nil
        isHalved = shared == nil && Self.elementBytes(loader.checkpoint, loader.format) == 2
        gathered = FloatBuffer(count: communicator.size > 1 && shared == nil ? maxRows * config.hidden : 0)
        layout = BlockLayout(counts: Array(repeating: 0, count: communicator.size))
    }

    package var weightBytes: Int {
        (embedding?.byteCount ?? 0) + (head === embedding ? 0 : head?.byteCount ?? 0)
    }

    /// The matrices of its products.
    var products: [[PackedMatrix]] { head.map { [[$0]] } ?? [] }

    /// Bytes of the head, which a step with logits reads as a whole; of the embedding it reads a row a token.
    package var headBytes: Int { head?.byteCount ?? 0 }

    /// Writes the embeddings of `tokens` to the rows of `x`, `[tokens, hidden]`, but for the rows of which `isVisual` is true.
    ///
    /// Collective: every rank of the group must call it.
    package func embed(
        _ tokens: [Int32],
        isVisual: [Bool],
        into x: UnsafeMutablePointer<Float>
    ) throws(MPIError) {
        guard communicator.size > 1 else {
            for (row, token) in tokens.enumerated() where !isVisual[row] {
                embedding?.row(Int(token), into: x + row * hidden)
            }
            return
        }
        // Two numbers in the place of one, where halves are enough.
        let rowFloats = isHalved ? (hidden + 1) / 2 : hidden
        // Rank after rank, the rows that it owns in the order of the batch.
        layout.update { rank in
            var count = 0
            for (row, token) in tokens.enumerated() where !isVisual[row] && rowsOfRank[rank].contains(Int(token)) {
                count += rowFloats
            }
            return count
        }
        guard layout.total > 0 else { return }
        let rank = communicator.rank
        let own = rowsOfRank[rank]
        var place = shared?.own.assumingMemoryBound(to: Float.self) ?? gathered.pointer + Int(layout.offsets[rank])
        for (row, token) in tokens.enumerated() where !isVisual[row] && own.contains(Int(token)) {
            if isHalved {
                // Its place in the batch is free until all rows are here.
                embedding?.row(Int(token) - own.lowerBound, into: x + row * hidden)
                Self.halve(x + row * hidden, hidden, into: place)
            } else {
                embedding?.row(Int(token) - own.lowerBound, into: place)
            }
            place += rowFloats
        }
        let sent = Int(layout.counts[rank]) * 4 * (communicator.size - 1)
        bytesSent += sent
        if let shared { shared.complete(sending: sent) } else { try communicator.allGather(gathered.pointer, layout) }
        for (other, rows) in rowsOfRank.enumerated() {
            let block = shared?.completed(other).assumingMemoryBound(to: Float.self)
            var source = UnsafePointer(block ?? gathered.pointer + Int(layout.offsets[other]))
            for (row, token) in tokens.enumerated() where !isVisual[row] && rows.contains(Int(token)) {
                if isHalved {
                    Self.widen(source, hidden, into: x + row * hidden)
                } else {
                    (x + row * hidden).update(from: source, count: hidden)
                }
                source += rowFloats
            }
        }
    }

    /// Bytes of a number of a row as messages carry it.
    package static func elementBytes(_ checkpoint: Checkpoint, _ format: WeightFormat) -> Int {
        guard !format.isQuantised, !checkpoint.storedFormat.isQuantised else { return 4 }
        return format == .bf16 || checkpoint.required(TensorNames.embedding).elementType == .bfloat16 ? 2 : 4
    }

    private static func halve(_ row: UnsafePointer<Float>, _ count: Int, into place: UnsafeMutablePointer<Float>) {
        let halves = UnsafeMutableRawPointer(place).assumingMemoryBound(to: UInt16.self)
        for index in 0..<count { halves[index] = UInt16(row[index].bitPattern >> 16) }
    }

    private static func widen(_ place: UnsafePointer<Float>, _ count: Int, into row: UnsafeMutablePointer<Float>) {
        let halves = UnsafeRawPointer(place).assumingMemoryBound(to: UInt16.self)
        for index in 0..<count { row[index] = Float(bitPattern: UInt32(halves[index]) << 16) }
    }

    /// This rank's logits.
    ///
    /// - Parameters:
    ///   - x: `[rows, hidden]`, after the final norm.
    ///   - logits: `[rows, vocabulary/tp]`.
    package func logits(_ x: Rows, into logits: Rows, pool: ThreadPool) {
        if let head { Matmul.run(pool, head, x, tree: tree, into: logits) }
    }
}
