internal import Kernels
internal import Scaling

extension StepWork {
    /// Bytes of the keys and values of one token in all layers.
    static func cacheBytes(_ cache: KVCachePages) -> Double {
        Double(cache.layers * cache.layout.pageBytes) / Double(KVLayout.pageTokens)
    }
}
