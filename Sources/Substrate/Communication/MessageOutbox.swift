/// Words for one rank, which go when they can: whoever puts them in never waits for that rank.
///
/// MPI's own send may wait until the other looks after its messages, however short they are; and the other may be waiting
/// for this one meanwhile, in memory that they share, where nothing of MPI moves.
///
/// ## Communication
/// One message at a time; to be moved on by ``advance()``.
package final class MessageOutbox {
    private let communicator: MPICommunicator
    private let rank: Int
    private let tag: MessageTag
    /// The words of the message that is under way.
    private let place: UnsafeMutableBufferPointer<Int32>
    private var message: PendingMessage?
    private var waiting: [Int32] = []

    /// - Parameters:
    ///   - rank: who gets the words.
    ///   - most: words of a message at most, which must be whole records of what is put in.
    package init(_ communicator: MPICommunicator, to rank: Int, _ tag: MessageTag, most: Int) {
        (self.communicator, self.rank, self.tag) = (communicator, rank, tag)
        place = .allocate(capacity: most)
    }

    // What MPI may still read stays.
    deinit { if message == nil { place.deallocate() } }

    /// Whether everything has gone.
    package var isEmpty: Bool { message == nil && waiting.isEmpty }

    /// Puts words in; they go with one of the next calls of ``advance()``.
    package func append(_ words: [Int32]) { waiting += words }

    /// Moves on what is under way, and sends the next words off once that is through.
    package func advance() throws(MPIError) {
        if let message {
            guard try message.poll() != nil else { return }
            self.message = nil
        }
        guard !waiting.isEmpty else { return }
        let count = min(waiting.count, place.count)
        _ = place.update(fromContentsOf: waiting.prefix(count))
        waiting.removeFirst(count)
        let words = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: place[..<count]))
        message = try communicator.startSend(words, to: rank, tag)
    }
}
