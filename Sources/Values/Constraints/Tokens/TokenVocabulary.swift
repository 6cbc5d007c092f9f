/// The bytes of a vocabulary's tokens, in the order in which masks are made.
///
/// Most tokens consist of whole plain characters, of which a text in JSON may hold any: those that have at most n
/// characters are one mask, and only the others are walked (as llguidance's slices).
package final class TokenVocabulary: Sendable {
    /// Bits of a mask.
    package let size: Int
    /// What ends an answer.
    package let ends: [Int32]
    private let offsets: [Int]
    private let bytes: [UInt8]
    let plain: TokenTrie
    let other: TokenTrie
    /// Plain tokens of at most so many characters.
    private let plainUpTo: [TokenMask]

    /// Longer tokens are walked like those that are not plain: a mask a count is kept.
    private static let mostCounts = 256

    /// - Parameters:
    ///   - size: tokens of the model, those included that stand for nothing.
    ///   - ends: what ends an answer.
    ///   - tokenBytes: what a token adds to an answer; nothing for control tokens, which are never part of one.
    package init(size: Int, ends: [Int32], tokenBytes: (Int32) -> [UInt8]) {
        self.size = size
        self.ends = ends
        var bytes: [UInt8] = []
        var offsets = [0]
        for id in 0..<Int32(size) {
            bytes += tokenBytes(id)
            offsets.append(bytes.count)
        }
        var byCount: [Int: [Int32]] = [:]
        var plain: [(id: Int32, bytes: ArraySlice<UInt8>)] = []
        var other: [(id: Int32, bytes: ArraySlice<UInt8>)] = []
        for id in 0..<size where offsets[id] < offsets[id + 1] {
            let token = bytes[offsets[id]..<offsets[id + 1]]
            guard let count = Self.plainCharacters(token) else {
                other.append((Int32(id), token))
                continue
            }
            plain.append((Int32(id), token))
            byCount[count, default: []].append(Int32(id))
        }
        self.plain = TokenTrie(plain.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        self.other = TokenTrie(other.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        (self.bytes, self.offsets) = (bytes, offsets)
        var mask = TokenMask(vocabulary: size)
        var plainUpTo = [mask]
        for count in 1...max(1, min(byCount.keys.max() ?? 1, Self.mostCounts)) {
            for token in byCount[count] ?? [] { mask.insert(token) }
            plainUpTo.append(mask)
        }
        self.plainUpTo = plainUpTo
    }

    package func bytes(of token: Int32) -> ArraySlice<UInt8> {
        guard token >= 0, Int(token) < size else { return [] }
        return bytes[offsets[Int(token)]..<offsets[Int(token) + 1]]
    }

    /// The longest token that a text begins with; of several that are the same, the one with the lowest id.
    func longestToken(startingLike text: ArraySlice<UInt8>) -> Int32? {
        let found = [plain.longestToken(startingLike: text), other.longestToken(startingLike: text)]
        return found.compactMap { $0 }.max { $0.count < $1.count }?.id
    }

    /// Characters of the longest plain token.
    var longestPlain: Int { plainUpTo.count - 1 }

    /// Plain tokens of at most `count` characters.
    func plainTokens(upTo count: Int) -> TokenMask { plainUpTo[min(count, longestPlain)] }

    /// The number of characters of a token that consists of whole plain ones, else `nil`.
    private static func plainCharacters(_ token: ArraySlice<UInt8>) -> Int? {
        for byte in token where byte < 0x20 || byte == 0x22 || byte == 0x5C { return nil }
        guard let scalars = String(validating: token, as: UTF8.self)?.unicodeScalars,
            scalars.count <= mostCounts, !scalars.contains(where: { $0.value == 0x2028 || $0.value == 0x2029 })
        else { return nil }
        return scalars.count
    }
}
