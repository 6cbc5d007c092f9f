internal import Communication
internal import Foundation
internal import Inference
internal import Kernels
internal import PageFiles
internal import Requests

/// How decoder ranks open their directories of pages, and agree on the pages that all of them have.
///
/// Whatever goes wrong on one rank leaves every rank without pages on disk, and takes nothing else from the group; who knows why says so in the
/// log. Collective over the decoder ranks.
struct PageMeeting {
    let shape: PageShape
    let directory: String
    /// Bytes that this rank's pages may take.
    let limit: Int
    let communicator: any Communicator
    let endpoint: any RankEndpoint

    /// How long a lock is waited for that a killed rank may still hold.
    private static let patience = Duration.seconds(2)

    /// What every rank has, and this rank's part of it.
    struct Agreement {
        let directory: PageDirectory
        /// For the leader: see ``DiskIndex``.
        let capacity: Int
        let pageBytes: Int
        let stored: [PageKey]
    }

    func run() throws -> Agreement? {
        var mine: PageDirectory?
        // The leader takes a place, and the others theirs of the same number: groups do not mix.
        if communicator.rank == 0 { mine = open(Array(0..<PageDirectory.slots), patience: Self.patience) }
        let slot = try gather(mine.map { UInt64($0.slot) } ?? Self.none)[0]
        guard slot != Self.none else { return nil }
        if communicator.rank != 0 { mine = open([Int(slot)], patience: Self.patience * 2) }
        let capacity = try gather(UInt64(mine.map { _ in limit / shape.diskBytes } ?? 0)).min() ?? 0
        let bytes = try gather(UInt64(shape.diskBytes)).reduce(0, +)
        guard let mine, capacity > 0 else {
            if mine != nil { log("pages on disk are off: another rank has no room for them") }
            return nil
        }
        let stored = try agree(mine)
        mine.keep(Set(stored))
        PageLeftovers.tidy(directory, limit: limit)
        if !mine.ignored.isEmpty {
            log("\(mine.ignored.count) files are ignored that are no pages, \(mine.ignored[0]) among them")
        }
        return Agreement(directory: mine, capacity: Int(capacity), pageBytes: Int(bytes), stored: stored)
    }

    private static let none = UInt64.max

    private func gather(_ value: UInt64) throws -> [UInt64] {
        guard let ranks = communicator as? MPICommunicator else { return [value] }
        return try ranks.allGather(value)
    }

    private func log(_ text: String) { endpoint.send(.log(text)) }

    /// Opens the first of some slots that nobody has.
    private func open(_ slots: [Int], patience: Duration) -> PageDirectory? {
        guard limit >= shape.diskBytes else {
            log("pages on disk are off: one takes \(shape.diskBytes) bytes, and --kv-cache-size allows \(limit)")
            return nil
        }
        for slot in slots {
            do throws(PageFailure) {
                let isFirst = slot == slots[0]
                if let found = try PageDirectory(shape, in: directory, slot: slot, patience: isFirst ? patience : .zero)
                {
                    return found
                }
            } catch {
                log("pages on disk are off: \(directory) is \(error.word)")
                return nil
            }
        }
        log("pages on disk are off: other groups use all \(slots.count) places in \(directory)")
        return nil
    }

    // MARK: - What all ranks have

    /// The pages that every rank has, in the leader's order.
    private func agree(_ mine: PageDirectory) throws -> [PageKey] {
        guard let ranks = communicator as? MPICommunicator, ranks.size > 1 else { return mine.keys }
        let counts = try ranks.allGather(UInt64(mine.keys.count))
        guard ranks.rank == 0 else {
            try send(mine.keys, to: 0, ranks)
            let count = try ranks.allGather(0)[0]
            return try receive(Int(count), from: 0, ranks)
        }
        var common = mine.keys
        for rank in 1..<ranks.size {
            let theirs = Set(try receive(Int(counts[rank]), from: rank, ranks))
            common = common.filter { theirs.contains($0) }
        }
        _ = try ranks.allGather(UInt64(common.count))
        for rank in 1..<ranks.size { try send(common, to: rank, ranks) }
        return common
    }

    private func send(_ keys: [PageKey], to rank: Int, _ ranks: MPICommunicator) throws {
        let words = keys.flatMap(\.words)
        try words.withUnsafeBytes { try ranks.send($0, to: rank, .pageKeys) }
    }

    private func receive(_ count: Int, from rank: Int, _ ranks: MPICommunicator) throws -> [PageKey] {
        let words = try ranks.receiveWords(count * PageKey.wordCount, from: rank, .pageKeys)
        return stride(from: 0, to: words.count, by: PageKey.wordCount).map {
            PageKey(words: words[$0..<($0 + PageKey.wordCount)])
        }
    }
}
