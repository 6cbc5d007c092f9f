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
            let words = try decoders.receiveWords(message.byteCount / 4, from: message.source, .pageOutcome)
            for start in stride(from: 0, to: words.count, by: PageOutcome.wordCount) {
                outcomes.append(try PageOutcome(words: words[start...].prefix(PageOutcome.wordCount)))
            }
        }
        return outcomes
    }
}

/// A follower tells the leader how pages fared, between two steps and without waiting for it.
final class MPIPageOutbox {
    private let storage: any PageStorage
    private let messages: MessageOutbox

    private static let mostInMessage = 64

    init(_ storage: any PageStorage, _ decoders: MPICommunicator) {
        self.storage = storage
        messages = MessageOutbox(decoders, to: 0, .pageOutcome, most: Self.mostInMessage * PageOutcome.wordCount)
    }

    /// Sends off what there is to tell, as far as what was told before has gone.
    func advance() throws {
        for outcome in storage.finished() { messages.append(outcome.words) }
        try messages.advance()
    }
}
