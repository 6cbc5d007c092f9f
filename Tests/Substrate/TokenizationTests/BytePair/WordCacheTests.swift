import Testing

@testable import Tokenization

@Suite struct WordCacheTests {
    private func look(_ word: String, in cache: WordCache) -> [Int32]? {
        Array(word.utf8).withUnsafeBufferPointer { bytes in
            var ids: [Int32] = []
            return cache.append(bytes, hash: ByteHash.hash(bytes), to: &ids) ? ids : nil
        }
    }

    private func insert(_ word: String, _ tokens: [Int32], into cache: inout WordCache) {
        Array(word.utf8).withUnsafeBufferPointer { cache.insert($0, hash: ByteHash.hash($0), tokens: tokens[...]) }
    }

    @Test func `A cache knows the words that were put in, and forgets rather than grows`() {
        var cache = WordCache()
        #expect(look("the", in: cache) == nil)
        insert("the", [7], into: &cache)
        insert("picture", [1, 2, 3], into: &cache)
        #expect(look("the", in: cache) == [7])
        #expect(look("picture", in: cache) == [1, 2, 3])
        #expect(look("th", in: cache) == nil)
        for number in 0..<40_000 { insert("w\(number)", [Int32(number)], into: &cache) }
        #expect(look("the", in: cache) == nil)
        let known = (0..<40_000).compactMap { number in look("w\(number)", in: cache).map { ($0, number) } }
        #expect(known.count > 5_000)
        #expect(known.allSatisfy { $0.0 == [Int32($0.1)] })
    }
}
