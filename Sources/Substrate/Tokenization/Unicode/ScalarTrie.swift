/// A byte for every Unicode scalar, in pages of 256 of which equal ones are stored once.
///
/// A look-up is two loads; a whole trie is some 30 KB.
struct ScalarTrie: Sendable {
    /// The page of each block of 256 scalars.
    private let blocks: [UInt16]
    private let pages: [UInt8]

    /// Builds the trie by letting `fill` write one byte per scalar value, 0 ..< 0x110000.
    init(_ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        let flat = [UInt8](unsafeUninitializedCapacity: 0x110000) { buffer, count in
            buffer.initialize(repeating: 0)
            fill(buffer)
            count = 0x110000
        }
        var pageOf: [ArraySlice<UInt8>: UInt16] = [:]
        var blocks: [UInt16] = []
        var pages: [UInt8] = []
        for start in stride(from: 0, to: flat.count, by: 256) {
            let page = flat[start..<start + 256]
            if let known = pageOf[page] {
                blocks.append(known)
            } else {
                let index = UInt16(pages.count / 256)
                pageOf[page] = index
                blocks.append(index)
                pages.append(contentsOf: page)
            }
        }
        self.blocks = blocks
        self.pages = pages
    }

    /// The byte of `scalar`, which must be below 0x110000.
    @inline(__always)
    subscript(scalar: UInt32) -> UInt8 {
        pages[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
    }
}
