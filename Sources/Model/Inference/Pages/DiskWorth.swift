/// Whether it is faster to read a page than to compute its tokens, as measured in both.
struct DiskWorth {
    /// Pages that must have been read, and tokens computed, before anything is decided.
    private static let fewestPages = 16
    private static let fewestTokens = 512

    private var pages = 0
    private var readSeconds = 0.0
    private var tokens = 0
    private var computeSeconds = 0.0

    mutating func noteRead(seconds: Double) {
        pages += 1
        readSeconds += seconds
    }

    /// A step that took nothing but tokens of prompts in.
    mutating func noteComputed(tokens count: Int, seconds: Double) {
        tokens += count
        computeSeconds += seconds
        // What was long ago counts less.
        guard tokens > 1 << 16 else { return }
        tokens /= 2
        computeSeconds /= 2
    }

    /// Seconds that a page takes to be read and to be computed; `nil` while too little is known.
    func seconds(pageTokens: Int) -> (read: Double, compute: Double)? {
        guard pages >= Self.fewestPages, tokens >= Self.fewestTokens else { return nil }
        return (readSeconds / Double(pages), computeSeconds / Double(tokens) * Double(pageTokens))
    }
}
