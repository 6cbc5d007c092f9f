package import Kernels

/// A matrix of a packed checkpoint: the bytes that the kernels compute with, where they lie in the mapped file.
///
/// The bytes are those of the whole matrix: column blocks, in each of them panels of 16 rows. A rank that owns whole
/// column blocks, or whole panels of a matrix of one block, owns one range of them.
package struct PackedTensor: Sendable {
    package let name: String
    /// Outputs and inputs of the whole matrix.
    package let rows, columns: Int
    /// Columns of a block, the last of which may be shorter; `columns` where there is one block.
    package let blockColumns: Int
    package let storage: PackedMatrix.Storage
    /// Where the matrix lies in its file, without the padding behind it.
    package let byteRange: Range<Int>
    private let mapping: MappedFile

    /// Every matrix begins at a multiple of this in its file, so that a mapping can be used in place.
    package static let alignment = 4096

    init(name: String, shape: PackedShape, byteRange: Range<Int>, mapping: MappedFile) {
        (self.name, self.rows, self.columns) = (name, shape.rows, shape.columns)
        (blockColumns, storage) = (shape.blockColumns, shape.storage)
        (self.byteRange, self.mapping) = (byteRange, mapping)
    }

    /// The name of the file that holds it.
    package var file: String { mapping.name }

    /// Keeps the mapping; whoever uses `bytes` beyond this value holds it.
    package var owner: AnyObject { mapping }

    /// The mapped bytes `range`, counted from the matrix's first.
    package func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[inFile(range)])
    }

    /// Reads `range` into memory of the caller's own, past the mapping: no page of it enters this process.
    package func read(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws(CheckpointError) {
        try mapping.read(inFile(range), into: target)
    }

    /// Asks the kernel to read `range` ahead; returns at once.
    package func willNeed(_ range: Range<Int>) { mapping.advise(.willNeed, inFile(range)) }

    /// Brings `range` into this process's page tables, so that using it later faults nowhere; waits for the disk.
    package func populate(_ range: Range<Int>) { mapping.advise(.populate, inFile(range)) }

    /// Gives back the memory of `range`, which may still be read, from disk.
    package func release(_ range: Range<Int>) { mapping.advise(.release, inFile(range)) }

    /// Keeps the pages of `range` in memory; the system's error number when it refuses.
    package func lock(_ range: Range<Int>) -> Int32? { mapping.lock(inFile(range)) }

    private func inFile(_ range: Range<Int>) -> Range<Int> {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteRange.count, "bytes \(range) of \(name)")
        return byteRange.lowerBound + range.lowerBound..<byteRange.lowerBound + range.upperBound
    }
}
