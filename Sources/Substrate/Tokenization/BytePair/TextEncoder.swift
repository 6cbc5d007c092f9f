/// Turns text into tokens: normalise, split into words, merge each word, remembering words met before.
///
/// Not thread-safe: every call of ``Tokenizer/encode(_:)`` works with one of its own.
struct TextEncoder: Sendable {
    private var cache = WordCache()
    private var scratch = MergeScratch()

    /// Appends the tokens of `text`, in which nothing is a control token.
    mutating func encode(_ text: UnsafeBufferPointer<UInt8>, with merger: BytePairMerger, into ids: inout [Int32]) {
        if let normalized = CanonicalComposition.shared.normalized(text) {
            normalized.withUnsafeBufferPointer { encode(normalized: $0, with: merger, into: &ids) }
        } else {
            encode(normalized: text, with: merger, into: &ids)
        }
    }

    /// Appends the tokens of text that is in normalisation form C.
    mutating func encode(
        normalized text: UnsafeBufferPointer<UInt8>,
        with merger: BytePairMerger,
        into ids: inout [Int32]
    ) {
        var splitter = WordSplitter(text)
        while let range = splitter.next() {
            let word = UnsafeBufferPointer(rebasing: text[range])
            guard word.count <= WordCache.longestWord else {
                merger.encode(word, scratch: &scratch, into: &ids)
                continue
            }
            let hash = ByteHash.hash(word)
            if cache.append(word, hash: hash, to: &ids) { continue }
            let start = ids.count
            merger.encode(word, scratch: &scratch, into: &ids)
            cache.insert(word, hash: hash, tokens: ids[start...])
        }
    }
}
