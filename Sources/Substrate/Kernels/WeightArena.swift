/// One block of memory for all the matrices of a rank.
///
/// A block of its own for each matrix would end in a huge page that is filled by half on the average: a tenth of the
/// weights of a small model. Pages come with the first write, so that what is never taken costs nothing.
package final class WeightArena {
    private let base: UnsafeMutableRawPointer
    private let byteCount: Int
    private let owner: AnyObject
    private var used = 0
    /// Whether the bytes are what they are to be already, as somebody has taken and filled them in the same order.
    package let isFilled: Bool

    package init(byteCount: Int) {
        let memory = ScratchMemory(byteCount: byteCount)
        (base, owner, self.byteCount, isFilled) = (memory.base, memory, byteCount, false)
    }

    /// In memory of somebody else's, which `owner` keeps.
    package init(base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject, isFilled: Bool) {
        (self.base, self.byteCount, self.owner, self.isFilled) = (base, byteCount, owner, isFilled)
    }

    /// The next bytes, zeroed and aligned to 64, and what keeps them.
    package func take(_ byteCount: Int) -> (base: UnsafeMutableRawPointer, owner: AnyObject) {
        let start = (used + 63) / 64 * 64
        precondition(start + byteCount <= self.byteCount, "\(byteCount) bytes more of \(self.byteCount)")
        used = start + byteCount
        return (base + start, owner)
    }
}

extension PackedMatrix {
    /// A matrix to be filled, in the arena's memory.
    package convenience init(
        rows: Int,
        columns: Int,
        storage: Storage,
        blockColumns: Int? = nil,
        in arena: WeightArena
    ) {
        let bytes = Self.byteCount(rows: rows, columns: columns, storage: storage, blockColumns: blockColumns)
        let (base, owner) = arena.take(bytes)
        self.init(
            rows: rows,
            columns: columns,
            storage: storage,
            blockColumns: blockColumns,
            base: base,
            owner: owner,
            isWritable: true
        )
    }
}
