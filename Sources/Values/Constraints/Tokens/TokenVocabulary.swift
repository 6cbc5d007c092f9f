/// The bytes of a vocabulary's tokens, in the order in which masks are made.
///
/// Most tokens consist of whole plain characters, of which a text in JSON may hold any: those that have at most n
/// characters are one mask, and only the others are walked (as llguidance's slices).
package final class TokenVocabulary {
    /// Bits of a mask.
    package let size: Int
    /// What ends an answer.
    package let ends: [Int32]
    private let offsets: [Int]
    private let bytes: [UInt8]
    let plain: TokenTrie
    let other: TokenTrie
    /// Plain tokens by their number of characters.
    private var plainByCount: [[Int32]] = []
    /// Plain tokens of at most so many characters, as far as asked for.
    private var plainUpTo: [TokenMask?] = []

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
        var plain: [(id: Int32, bytes: ArraySlice<UInt8>)] = []
        var other: [(id: Int32, bytes: ArraySlice<UInt8>)] = []
        for id in 0..<size where offsets[id] < offsets[id + 1] {
            let token = bytes[offsets[id]..<offsets[id + 1]]
            guard let count = Self.plainCharacters(token) else {
                other.append((Int32(id), token))
                continue
            }
            plain.append((Int32(id), token))
            while plainByCount.count <= count { plainByCount.append([]) }
            plainByCount[count].append(Int32(id))
        }
        self.plain = TokenTrie(plain.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        self.other = TokenTrie(other.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        (self.bytes, self.offsets) = (bytes, offsets)
        plainUpTo = Array(repeating: nil, count: plainByCount.count)
    }

    package func bytes(of token: Int32) -> ArraySlice<UInt8> {
        guard token >= 0, Int(token) < size else { return [] }
        return bytes[offsets[Int(token)]..<offsets[Int(token) + 1]]
    }

    /// Characters of the longest plain token.
    var longestPlain: Int { max(0, plainByCount.count - 1) }

    /// Plain tokens of at most `count` characters.
    func plainTokens(upTo count: Int) -> TokenMask {
        let count = min(count, longestPlain)
        guard count > 0 else { return TokenMask(vocabulary: size) }
        if let known = plainUpTo[count] { return known }
        var mask = TokenMask(vocabulary: size)
        for tokens in plainByCount[...count] { for token in tokens { mask.insert(token) } }
        plainUpTo[count] = mask
        return mask
    }

    /// The number of characters of a token that consists of whole plain ones, else `nil`.
    private static func plainCharacters(_ token: ArraySlice<UInt8>) -> Int? {
        for byte in token where byte < 0x20 || byte == 0x22 || byte == 0x5C { return nil }
        return String(validating: token, as: UTF8.self)?.unicodeScalars.count
    }
}
