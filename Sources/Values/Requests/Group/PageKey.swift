internal import Digests

/// The name of a full page of the KV cache by everything that its keys and values depend on: the tokens in it and
/// before it, and the pictures behind the visual tokens among them.
///
/// 128 bits of a SHA-256 chain, so that nobody can make two different prompts share a page. The leader and the process
/// in front compute the same keys from the same job.
///
/// - SeeAlso: Kwon et al., *PagedAttention*, arXiv:2309.06180; vLLM's automatic prefix caching.
package struct PageKey: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    /// A key that was computed before, by its two halves.
    package init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// The key of the page that begins at position `start` of a sequence.
    ///
    /// - Parameters:
    ///   - previous: the key of the page before; `nil` for the first.
    ///   - tokens: the page's tokens, image tokens included.
    ///   - images: the sequence's images.
    package init(after previous: PageKey?, tokens: ArraySlice<Int32>, from start: Int, images: [GenerateJob.Image]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + tokens.count * 4)
        for word in [previous?.high ?? 0, previous?.low ?? 0] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for token in tokens { withUnsafeBytes(of: token.littleEndian) { bytes.append(contentsOf: $0) } }
        let page = start..<(start + tokens.count)
        for image in images where image.positions.overlaps(page) {
            let offset = Int64(start - image.start)
            withUnsafeBytes(of: offset.littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: image.contentKey.utf8)
            bytes.append(0)
        }
        let digest = SHA256.digest(bytes)
        high = digest[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The keys of all full pages of a sequence, first to last.
    package static func chain(_ tokens: [Int32], images: [GenerateJob.Image], pageTokens: Int) -> [PageKey] {
        var keys: [PageKey] = []
        for start in stride(from: 0, through: tokens.count - pageTokens, by: pageTokens) {
            let page = tokens[start..<(start + pageTokens)]
            keys.append(PageKey(after: keys.last, tokens: page, from: start, images: images))
        }
        return keys
    }
}

extension PageKey: Codable {
    /// Two numbers, high and low.
    package init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        high = try container.decode(UInt64.self)
        low = try container.decode(UInt64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(high)
        try container.encode(low)
    }
}
