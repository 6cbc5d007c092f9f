internal import Communication
internal import Inference
internal import PageFiles

/// The leader hears how pages fared from the followers, each of which tells when it is between two steps.
final class MPIPageInbox: PageInbox {
    private let storage: any PageStorage
    private let decoders: MPICommunicator

    init(_ storage: any PageStorage, _ decoders: MPICommunicator) {
        (self.storage, self.decoders) = (storage, decoders)
    }

    func outcomes() throws -> [PageOutcome] {
        var outcomes = storage.finished()
        while let message = try decoders.arrived(.pageOutcome) {
            var words = [Int32](repeating: 0, count: message.byteCount / 4)
            try words.withUnsafeMutableBytes { try decoders.receive($0, from: message.source, .pageOutcome) }
            for start in stride(from: 0, to: words.count, by: PageOutcome.wordCount) {
                outcomes.append(try PageOutcome(words: words[start...].prefix(PageOutcome.wordCount)))
            }
        }
        return outcomes
    }

    private static let mostInMessage = 64

    /// What a follower tells, if there is anything to tell.
    static func report(_ storage: (any PageStorage)?, to decoders: MPICommunicator) throws {
        guard let outcomes = storage?.finished(), !outcomes.isEmpty else { return }
        // In messages that MPI sends off by themselves: for a long one the leader would have to be there, and it may be in a
        // step that waits for this rank.
        for start in stride(from: 0, to: outcomes.count, by: mostInMessage) {
            try outcomes[start..<min(start + mostInMessage, outcomes.count)].flatMap(\.words)
                .withUnsafeBytes { try decoders.send($0, to: 0, .pageOutcome) }
        }
    }
}
