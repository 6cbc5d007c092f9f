internal import HeapModule

/// Byte-pair merging of one word: starts from its bytes and joins the neighbours of the lowest rank, leftmost first.
struct BytePairMerger: Sendable {
    /// The token of each byte.
    let byteTokens: [Int32]
    let merges: MergeTable

    /// Words up to this many bytes are merged by scanning all pairs; longer ones pay for a heap.
    static let scannedLength = 48

    /// Appends the tokens of `word`.
    func encode(_ word: UnsafeBufferPointer<UInt8>, scratch: inout MergeScratch, into ids: inout [Int32]) {
        if word.count <= Self.scannedLength {
            encodeShort(word, scratch: &scratch, into: &ids)
        } else {
            encodeLong(word, scratch: &scratch, into: &ids)
        }
    }

    /// Quadratic in a length that is at most `scannedLength`.
    private func encodeShort(_ word: UnsafeBufferPointer<UInt8>, scratch: inout MergeScratch, into ids: inout [Int32]) {
        scratch.reset()
        for byte in word { scratch.tokens.append(byteTokens[Int(byte)]) }
        for left in 0..<max(word.count - 1, 0) { scratch.pairs.append(pair(left, scratch)) }
        while let (left, merge) = lowest(scratch.pairs) {
            scratch.tokens[left] = merge.joined
            scratch.tokens.remove(at: left + 1)
            scratch.pairs.remove(at: left)
            if left < scratch.pairs.count { scratch.pairs[left] = pair(left, scratch) }
            if left > 0 { scratch.pairs[left - 1] = pair(left - 1, scratch) }
        }
        ids.append(contentsOf: scratch.tokens)
    }

    @inline(__always)
    private func pair(_ left: Int, _ scratch: MergeScratch) -> MergeTable.Merge {
        merges.merge(scratch.tokens[left], scratch.tokens[left + 1]) ?? MergeScratch.noMerge
    }

    @inline(__always)
    private func lowest(_ pairs: [MergeTable.Merge]) -> (left: Int, merge: MergeTable.Merge)? {
        var best = 0
        var rank = MergeScratch.noMerge.rank
        for (left, merge) in pairs.enumerated() where merge.rank < rank {
            best = left
            rank = merge.rank
        }
        return rank == MergeScratch.noMerge.rank ? nil : (best, pairs[best])
    }

    /// n log n: a linked list of symbols, and a heap of the pairs that could join, by rank and then by place.
    ///
    /// An entry whose pair has changed since is recognised by its rank and dropped.
    private func encodeLong(_ word: UnsafeBufferPointer<UInt8>, scratch: inout MergeScratch, into ids: inout [Int32]) {
        precondition(word.count <= Int(Int32.max), "a word of \(word.count) bytes is longer than its places can count")
        var symbols = word.enumerated().map { place, byte in
            Symbol(token: byteTokens[Int(byte)], previous: Int32(place) - 1, next: Int32(place) + 1)
        }
        let end = Int32(symbols.count)

        func merge(at left: Int32) -> MergeTable.Merge? {
            let symbol = symbols[Int(left)]
            return symbol.token < 0 || symbol.next >= end
                ? nil : merges.merge(symbol.token, symbols[Int(symbol.next)].token)
        }
        func push(_ left: Int32) {
            if let merge = merge(at: left) { scratch.heap.insert(UInt64(merge.rank) << 32 | UInt64(left)) }
        }
        for left in 0..<end { push(left) }
        while let entry = scratch.heap.popMin() {
            let left = Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF)
            guard let merge = merge(at: left), UInt64(merge.rank) == entry >> 32 else { continue }
            let right = symbols[Int(left)].next
            let next = symbols[Int(right)].next
            symbols[Int(left)].token = merge.joined
            symbols[Int(left)].next = next
            symbols[Int(right)].token = -1
            if next < end { symbols[Int(next)].previous = left }
            push(left)
            if symbols[Int(left)].previous >= 0 { push(symbols[Int(left)].previous) }
        }
        for symbol in symbols where symbol.token >= 0 { ids.append(symbol.token) }
    }

    /// One token of a word that is being merged; a negative token has been joined to its left neighbour.
    private struct Symbol {
        var token: Int32
        var previous: Int32
        var next: Int32
    }
}

/// Buffers that merging uses again and again.
struct MergeScratch: Sendable {
    static let noMerge = MergeTable.Merge(rank: .max, joined: -1)

    var tokens: [Int32] = []
    /// How token i joins token i + 1.
    var pairs: [MergeTable.Merge] = []
    var heap = Heap<UInt64>()

    mutating func reset() {
        tokens.removeAll(keepingCapacity: true)
        pairs.removeAll(keepingCapacity: true)
    }
}
