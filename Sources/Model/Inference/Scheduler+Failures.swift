package import Requests

extension Scheduler {
    /// Jobs that have ended without an answer, since the last call.
    package mutating func takeFailures() -> [RankFailure] {
        defer { failures = [] }
        return failures
    }

    /// Ends a sequence whose logits are not numbers.
    ///
    /// Its pages leave the prefix cache: whatever is wrong with them, nobody else should begin with them. Sequences that
    /// share some already go on, and end the same way if they must.
    mutating func fail(_ sequence: JobSequence) -> RankFailure {
        disk?.forget(sequence.pages.compactMap { pages.key(of: $0) })
        pages.forget(sequence.pages)
        let count = sequence.generatedCount
        return RankFailure(
            .notNumbers,
            id: sequence.job.id,
            message: "the model's logits are not numbers after \(count) tokens",
            hint: "the checkpoint's weights may be damaged, or too large for --format or --kv"
        )
    }
}
