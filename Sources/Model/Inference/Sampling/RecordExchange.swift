internal import Communication

/// How records and short lists of numbers go between the ranks: through memory that they share, or as messages.
final class RecordExchange {
    private let communicator: any Communicator
    private let shared: SharedBlocks?
    /// Without shared memory: this rank's records, every rank's on the leader, and lists of numbers.
    private let mine: UnsafeMutableRawBufferPointer
    private var all: UnsafeMutableRawBufferPointer
    private let numbers: UnsafeMutablePointer<Float>
    private var layout: BlockLayout
    /// Numbers of each rank in the last exchange of them.
    private var sharedCount = 0

    /// Collective over the decoder ranks.
    ///
    /// - Parameters:
    ///   - maxBytes: of a rank's records in a step.
    ///   - maxNumbers: of a list, whose bytes are no more than those.
    init(maxBytes: Int, maxNumbers: Int, communicator: any Communicator) {
        self.communicator = communicator
        let ranks = communicator.size
        shared = ranks > 1 ? communicator.share(byteCounts: Array(repeating: maxBytes, count: ranks)) : nil
        mine = .allocate(byteCount: maxBytes, alignment: 64)
        let isRoot = communicator.rank == 0 && ranks > 1 && shared == nil
        numbers = .allocate(capacity: maxNumbers * ranks)
        all = .allocate(byteCount: isRoot ? maxBytes * ranks : 0, alignment: 64)
        layout = BlockLayout(counts: Array(repeating: 0, count: ranks))
    }

    deinit {
        mine.deallocate()
        all.deallocate()
        numbers.deallocate()
    }

    /// Where this rank writes its records.
    var own: UnsafeMutableRawPointer { mine.baseAddress.unsafelyUnwrapped }

    /// Brings every rank's first `count` bytes to the leader; collective.
    func gather(_ count: Int) throws {
        guard communicator.size > 1 else { return }
        if let shared {
            shared.own.copyMemory(from: own, byteCount: count)
            shared.complete(sending: communicator.rank == 0 ? 0 : count)
        } else {
            layout.update { _ in count }
            try communicator.gather(own, into: all.baseAddress ?? own, layout)
        }
    }

    /// A rank's records on the leader, until the next exchange.
    func gathered(_ rank: Int) -> UnsafeMutableRawPointer {
        guard communicator.size > 1 else { return own }
        return shared?.completed(rank) ?? all.baseAddress.unsafelyUnwrapped + Int(layout.offsets[rank])
    }

    /// Brings `count` words of 32 bits from the leader to every rank; collective.
    ///
    /// - Returns: the words, until the next exchange.
    func spread(_ count: Int, _ write: (UnsafeMutableRawPointer) -> Void) throws -> UnsafeRawPointer {
        if let shared {
            if communicator.rank == 0 { write(shared.own) }
            shared.complete(sending: communicator.rank == 0 ? 4 * count : 0)
            return UnsafeRawPointer(shared.completed(0))
        }
        layout.update { $0 == 0 ? count : 0 }
        if communicator.rank == 0 { write(UnsafeMutableRawPointer(numbers)) }
        try communicator.allGather(numbers, layout)
        return UnsafeRawPointer(numbers)
    }

    /// Tells every rank every rank's `count` numbers; collective.
    ///
    /// - Parameter write: fills in this rank's.
    func share(_ count: Int, _ write: (UnsafeMutablePointer<Float>) -> Void) throws {
        sharedCount = count
        if let shared {
            write(shared.own.assumingMemoryBound(to: Float.self))
            return shared.complete(sending: communicator.rank == 0 ? 0 : 4 * count)
        }
        layout.update { _ in count }
        write(numbers + communicator.rank * count)
        try communicator.allGather(numbers, layout)
    }

    /// A rank's numbers, until the next exchange.
    func numbers(of rank: Int) -> UnsafePointer<Float> {
        if let shared { return UnsafePointer(shared.completed(rank).assumingMemoryBound(to: Float.self)) }
        return UnsafePointer(numbers) + rank * sharedCount
    }
}
