internal import Kernels

extension RankOptions {
    /// Tokens of a page of the KV cache.
    package static let pageTokens = Int(KVLayout.pageTokens)
}
