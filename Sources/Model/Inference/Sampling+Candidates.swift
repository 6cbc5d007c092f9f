internal import Requests

extension Sampling {
    /// Whether a rank can pick its own candidate from its own shard of the vocabulary.
    var needsOnlyCandidates: Bool {
        let isUnfiltered = topK == 0 && topP >= 1 && minP <= 0
        return repetitionPenalty == 1 && (temperature == 0 || isUnfiltered)
    }
}
