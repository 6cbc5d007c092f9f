/// What a rank has to say about itself once it is loaded.
package struct RankStats: Codable, Sendable, Equatable {
    /// Bytes of weights that the rank holds, packed.
    package var weightBytes = 0
    /// Bytes reserved for the KV cache.
    package var cacheBytes = 0
    package var loadMilliseconds = 0.0
    /// The instruction set that its kernels use.
    package var kernels = ""
    /// Threads that compute on it.
    package var threads = 0
    /// Threads besides, which work while nobody else wants their processors.
    package var helpers = 0
    /// Query heads of every attention and rows of every MLP that a decoder rank has.
    package var heads = 0
    package var rows = 0
    /// Bytes of weights that a decoder rank reads for a token.
    package var stepBytes = 0
    /// Bytes of memory that its threads read a second while those of all decoder ranks do; 0 where nobody measured.
    package var readBytesPerSecond = 0.0
    /// How it computes, as far as that decides bits; `nil` where it does not say.
    package var computation: Receipt.Computation?

    package init() {}
}

/// What a rank has done since it started.
package struct RankActivity: Codable, Sendable, Equatable {
    package var steps = 0
    /// Tiles encoded, on a vision rank.
    package var tiles = 0
    /// Jobs that ended because their logits are not numbers, on the leading decoder rank.
    package var failures = 0
    /// Time in kernels, in all-reduces and gathers, and waiting for work, in milliseconds.
    package var computeMilliseconds = 0.0
    package var communicationMilliseconds = 0.0
    package var waitMilliseconds = 0.0
    /// Bytes sent to other ranks.
    package var sentBytes = 0
    package var residentBytes = 0

    package init() {}
}
