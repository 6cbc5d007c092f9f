/// The threads of a vision rank: its own, and helpers, which work while nobody else wants their processors.
///
/// Beside decoder ranks one thread is its own, so that pictures get on however busy the host is, and all the others give way: a
/// step of the decoder waits for its slowest thread, and each thread beside would hold another of them up. Where no
/// decoder rank is, all threads are its own.
package struct VisionThreads: Sendable, Equatable {
    package let own: Int
    package let helpers: Int

    /// - Parameters:
    ///   - cores: of the processors to which the rank is kept; `nil` if nobody knows.
    ///   - hostCores: of its host.
    ///   - visionRanks: that share these processors, this one included.
    ///   - hostVisionRanks: that share the host.
    ///   - hasDecoders: whether decoder ranks have these processors too; those of another NUMA node keep to theirs.
    ///   - threads: of each rank, where the operator says.
    ///   - all: of each vision rank, helpers included, where the operator says.
    /// - Returns: `nil` if nobody knows and nobody says.
    package init?(
        cores: Int?,
        hostCores: Int?,
        visionRanks: Int,
        hostVisionRanks: Int,
        hasDecoders: Bool,
        threads: Int?,
        all: Int?
    ) {
        guard let all = all ?? threads ?? hostCores.map({ Self.share($0, hostVisionRanks) }) else { return nil }
        let share = cores.map { Self.share($0, visionRanks) } ?? all
        self.init(all: all, threads: threads, hasDecoders: hasDecoders, share: share)
    }

    /// On a host that is one place.
    package init(cores: Int, visionRanks: Int, hasDecoders: Bool, threads: Int?, all: Int?) {
        let share = Self.share(cores, visionRanks)
        self.init(all: all ?? threads ?? share, threads: threads, hasDecoders: hasDecoders, share: share)
    }

    private init(all: Int, threads: Int?, hasDecoders: Bool, share: Int) {
        own = min(all, threads ?? (hasDecoders ? 1 : share))
        helpers = all - own
    }

    private static func share(_ cores: Int, _ ranks: Int) -> Int { max(1, cores / max(1, ranks)) }
}
