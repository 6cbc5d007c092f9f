package import PageFiles
package import Requests

/// Where a decoder rank keeps pages outside of its memory.
///
/// Nothing here waits: what was begun is told by `finished` when it is done, in any order.
package protocol PageStorage: AnyObject {
    func begin(_ transfer: PageTransfer)
    /// Removes pages, behind what was begun before.
    func remove(_ keys: [PageKey])
    func finished() -> [PageOutcome]
}

extension PageStore: PageStorage {}

/// Where the leader hears how pages fared on each decoder rank, itself included.
package protocol PageInbox: AnyObject {
    func outcomes() throws -> [PageOutcome]
}

/// The pages that a group has on disk, as its leader needs them.
package struct PagesOnDisk {
    package let index: DiskIndex
    package let inbox: any PageInbox

    package init(_ index: DiskIndex, inbox: any PageInbox) { (self.index, self.inbox) = (index, inbox) }
}

/// A group of one hears of itself alone.
package final class OwnPageInbox: PageInbox {
    private let storage: any PageStorage

    package init(_ storage: any PageStorage) { self.storage = storage }

    package func outcomes() -> [PageOutcome] { storage.finished() }
}

extension PageOutcome {
    /// Words of an outcome on its way between ranks.
    package static let wordCount = 8

    package var words: [Int32] {
        transfer.words + [failure?.rawValue ?? 0, microseconds]
    }

    /// - Throws: what does not come from the same binary.
    package init(words: ArraySlice<Int32>) throws(StepPlanError) {
        guard words.count == Self.wordCount else { throw StepPlanError(description: "a page's outcome is cut short") }
        let first = words.startIndex
        let transfer = try PageTransfer(words: words[first..<(first + PageTransfer.wordCount)])
        let failure = PageFailure(rawValue: words[first + 6])
        self.init(transfer, failure: failure, microseconds: words[first + 7])
    }
}

extension PageTransfer {
    static let wordCount = 6

    var words: [Int32] { [kind.rawValue, page] + key.words }

    init(words: ArraySlice<Int32>) throws(StepPlanError) {
        let first = words.startIndex
        guard words.count == Self.wordCount, let kind = Kind(rawValue: words[first]) else {
            throw StepPlanError(description: "a page is to be moved in an unknown way")
        }
        self.init(kind, page: words[first + 1], key: PageKey(words: words[(first + 2)...]))
    }
}

extension PageKey {
    package static let wordCount = 4

    package var words: [Int32] {
        [high, low].flatMap { [Int32(truncatingIfNeeded: $0 >> 32), Int32(truncatingIfNeeded: $0)] }
    }

    /// - Parameter words: four of them.
    package init(words: ArraySlice<Int32>) {
        func half(_ place: Int) -> UInt64 {
            let first = words.startIndex + place
            return UInt64(UInt32(bitPattern: words[first])) << 32 | UInt64(UInt32(bitPattern: words[first + 1]))
        }
        self.init(high: half(0), low: half(2))
    }
}
