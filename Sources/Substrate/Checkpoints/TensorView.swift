package import Tensors

/// One tensor of a checkpoint, where it lies in the mapped file.
///
/// Row-major, outermost dimension first; a row is everything behind the first dimension. Nothing is copied until
/// it is asked for. The view keeps its file mapped.
package struct TensorView: Sendable {
    package let name: String
    package let elementType: ElementType
    package let shape: [Int]
    /// Where the tensor lies in its file.
    package let byteRange: Range<Int>
    private let mapping: MappedFile

    init(name: String, elementType: ElementType, shape: [Int], byteRange: Range<Int>, mapping: MappedFile) {
        (self.name, self.elementType, self.shape) = (name, elementType, shape)
        (self.byteRange, self.mapping) = (byteRange, mapping)
    }

    /// The name of the file that holds it.
    package var file: String { mapping.name }

    /// The tensor's bytes, which need not be aligned to its elements; valid while a view of this file lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: mapping.bytes[byteRange]) }

    package var elementCount: Int { byteRange.count / elementType.byteCount }
    package var byteCount: Int { byteRange.count }
    package var rowCount: Int { shape.first ?? 1 }
    /// Elements of a row: the product of all dimensions but the first.
    package var rowElements: Int { shape.dropFirst().reduce(1, *) }
    package var rowByteCount: Int { rowElements * elementType.byteCount }

    /// The bytes of `rows`, which need not be aligned.
    package func bytes(rows: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[fileRange(rows: rows)])
    }

    /// Asks the kernel to read `rows` ahead; returns at once.
    package func willNeed(rows: Range<Int>? = nil) {
        mapping.advise(.willNeed, fileRange(rows: rows ?? 0..<rowCount))
    }

    /// Gives back the memory of `rows` that were read and are not read again; they may still be read, from disk.
    package func releasePages(rows: Range<Int>? = nil) {
        mapping.advise(.release, fileRange(rows: rows ?? 0..<rowCount))
    }

    private func fileRange(rows: Range<Int>) -> Range<Int> {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows \(rows) of \(name) \(shape)")
        let start = byteRange.lowerBound
        return start + rows.lowerBound * rowByteCount..<start + rows.upperBound * rowByteCount
    }
}
