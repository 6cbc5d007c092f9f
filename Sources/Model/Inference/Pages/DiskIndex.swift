internal import PageFiles
package import Requests

/// Which pages the decoder ranks have on their disks, which are on their way there or back, and which come next.
///
/// The leader's, for all ranks: a page is on disk when every rank has it, each the keys and values of its own heads, and
/// what is written, read and removed stands in the step plans. A full page is written once it has a name, while its
/// sequence still goes on: when its room in memory is wanted it need not be waited for, and what is not written by then is
/// left out. Pure bookkeeping; ``PageStore`` does the work.
package struct DiskIndex {
    /// A page that is under way on some rank.
    private struct Move {
        let transfer: PageTransfer
        /// Ranks that have not said how it fared.
        var ranksLeft: Int
        var failure: PageFailure?
        /// Of the slowest rank.
        var microseconds: Int32 = 0
        /// Whether nobody wants the file any more.
        var isForgotten = false
    }

    /// A page that no rank moves any more.
    struct Arrival: Equatable {
        let transfer: PageTransfer
        let isGood: Bool
    }

    private let ranks: Int
    private let mostSaves: Int
    private var stored = RecencyList<PageKey>()
    /// By page.
    private var moves: [Int32: Move] = [:]
    private var loading: Set<PageKey> = []
    private var saving: Set<PageKey> = []
    /// Named pages that may be written, oldest first.
    private var candidates: [PageKey] = []
    private var firstCandidate = 0
    private var begun: [PageTransfer] = []
    private var drops: [PageKey] = []
    /// No longer on disk, since last asked.
    private var lost: [PageKey] = []
    private var notes: [String] = []
    private var worth = DiskWorth()
    private var isJudged = false
    package private(set) var figures = DiskFigures()

    /// Failures that are told one by one.
    private static let toldFailures = 8

    /// - Parameters:
    ///   - capacity: pages that every rank has room for on its disk.
    ///   - pageBytes: of a page on all ranks together.
    ///   - stored: what every rank has already, the least recently used first.
    ///   - mostSaves: pages that may be on their way to the disk at once.
    package init(capacity: Int, ranks: Int, pageBytes: Int, stored keys: [PageKey], mostSaves: Int = 4) {
        precondition(capacity >= 1 && ranks >= 1 && mostSaves >= 1, "\(capacity) pages on \(ranks) disks")
        self.ranks = ranks
        self.mostSaves = mostSaves
        figures.capacity = capacity
        figures.pageBytes = pageBytes
        for key in keys { stored.use(key) }
        makeRoom(for: 0)
        lost = []
    }

    /// Pages that can be had, in no order.
    package var keys: [PageKey] { figures.isReading ? Array(stored.elements) : [] }

    /// Whether a page can be had from the disks.
    package func has(_ key: PageKey) -> Bool { figures.isReading && stored.contains(key) }

    func isLoading(_ key: PageKey) -> Bool { loading.contains(key) }

    /// Whether any page is under way.
    var isBusy: Bool { !moves.isEmpty }

    /// Whether there is a page that may still be written.
    var hasCandidates: Bool { figures.isWriting && firstCandidate < candidates.count }

    // MARK: - Writing

    /// Pages have got names.
    mutating func offer(_ keys: [PageKey]) {
        guard figures.isWriting else { return }
        for key in keys where !stored.contains(key) { candidates.append(key) }
    }

    /// Begins to write pages, as many as may be under way.
    ///
    /// - Parameter find: where a named page is in memory, and may stay until it is written; `nil` leaves it out.
    /// - Returns: the pages, which nobody may take now.
    mutating func beginSaves(_ find: (PageKey) -> Int32?) -> [Int32] {
        var pages: [Int32] = []
        while figures.isWriting, saving.count < mostSaves, firstCandidate < candidates.count {
            let key = candidates[firstCandidate]
            firstCandidate += 1
            if firstCandidate == candidates.count { (candidates, firstCandidate) = ([], 0) }
            guard !stored.contains(key), !saving.contains(key) else { continue }
            guard let page = find(key) else {
                figures.refused += 1
                continue
            }
            guard makeRoom(for: 1) else {
                figures.refused += 1
                continue
            }
            // A file is written over, and not to be removed after that.
            drops.removeAll { $0 == key }
            saving.insert(key)
            begin(PageTransfer(.save, page: page, key: key))
            pages.append(page)
        }
        if firstCandidate > 1024 {
            candidates.removeFirst(firstCandidate)
            firstCandidate = 0
        }
        return pages
    }

    /// Sees to it that so many more pages fit, unless all are being read.
    @discardableResult
    private mutating func makeRoom(for count: Int) -> Bool {
        while stored.count + saving.count + count > figures.capacity,
            let oldest = stored.removeOldest(except: { [loading] in loading.contains($0) })
        {
            drop(oldest)
        }
        figures.pages = stored.count
        return stored.count + saving.count + count <= figures.capacity
    }

    private mutating func drop(_ key: PageKey) {
        drops.append(key)
        lost.append(key)
    }

    // MARK: - Reading

    /// Begins to read a page into a place that nobody uses.
    mutating func beginLoad(_ key: PageKey, into page: Int32) {
        precondition(has(key) && !loading.contains(key), "a page is read that is not on disk")
        loading.insert(key)
        begin(PageTransfer(.load, page: page, key: key))
    }

    private mutating func begin(_ transfer: PageTransfer) {
        precondition(moves[transfer.page] == nil, "page \(transfer.page) is under way twice")
        moves[transfer.page] = Move(transfer: transfer, ranksLeft: ranks)
        begun.append(transfer)
    }

    /// The pages of a sequence, first to last, are of use: without those before it a page is of none.
    mutating func touch(_ chain: [PageKey]) {
        for key in chain.reversed() where stored.contains(key) { stored.use(key) }
    }

    // MARK: - What becomes of it

    /// One rank is done with a page.
    ///
    /// - Returns: the page, when the last rank is.
    mutating func note(_ outcome: PageOutcome) -> Arrival? {
        let page = outcome.transfer.page
        guard var move = moves[page], move.transfer == outcome.transfer else { return nil }
        move.ranksLeft -= 1
        move.failure = move.failure ?? outcome.failure
        move.microseconds = max(move.microseconds, outcome.microseconds)
        moves[page] = move.ranksLeft > 0 ? move : nil
        guard move.ranksLeft == 0 else { return nil }
        switch move.transfer.kind {
        case .save: finishSave(move)
        case .load: finishLoad(move)
        }
        figures.pages = stored.count
        return Arrival(transfer: move.transfer, isGood: move.failure == nil && !move.isForgotten)
    }

    private mutating func finishSave(_ move: Move) {
        let key = move.transfer.key
        saving.remove(key)
        if let failure = move.failure {
            // The other ranks have written theirs.
            drops.append(key)
            figures.refused += 1
            stopWriting("pages are no longer written to disk: \(failure.word)")
        } else if move.isForgotten {
            drops.append(key)
        } else {
            stored.use(key)
            figures.written += 1
        }
    }

    private mutating func finishLoad(_ move: Move) {
        let key = move.transfer.key
        loading.remove(key)
        if let failure = move.failure {
            stored.remove(key)
            drop(key)
            figures.refused += 1
            guard figures.refused <= Self.toldFailures else { return }
            notes.append("a page on disk is \(failure.word), and computed again")
        } else {
            figures.read += 1
            worth.noteRead(seconds: Double(move.microseconds) / 1e6)
        }
    }

    private mutating func stopWriting(_ note: String) {
        guard figures.isWriting else { return }
        figures.isWriting = false
        (candidates, firstCandidate) = ([], 0)
        notes.append(note)
    }

    /// Pages have lost their names: whatever is in them, nobody shall have it back.
    mutating func forget(_ keys: [PageKey]) {
        for key in keys {
            if stored.remove(key) { drop(key) }
            // One that is being read is in memory under its name only if another sequence computed it meanwhile.
            for (page, move) in moves where move.transfer.key == key { moves[page]?.isForgotten = true }
        }
        figures.pages = stored.count
    }

    // MARK: - Whether it is worth it

    /// A step has taken in nothing but tokens of prompts.
    mutating func noteComputed(tokens: Int, seconds: Double, pageTokens: Int) {
        worth.noteComputed(tokens: tokens, seconds: seconds)
        judge(pageTokens: pageTokens)
    }

    /// Decides once, for the life of the group.
    mutating func judge(pageTokens: Int) {
        guard !isJudged, let seconds = worth.seconds(pageTokens: pageTokens) else { return }
        isJudged = true
        let (read, compute) = (Self.milliseconds(seconds.read), Self.milliseconds(seconds.compute))
        guard seconds.read >= seconds.compute else {
            notes.append("pages on disk: \(read) ms to read one, \(compute) ms to compute it")
            return
        }
        lost += keys
        figures.isReading = false
        stopWriting("pages on disk are not used: \(read) ms to read one, \(compute) ms to compute it")
    }

    private static func milliseconds(_ seconds: Double) -> String {
        let hundredths = Int((seconds * 1e5).rounded())
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
    }

    // MARK: - What is to be told

    /// What the ranks are to begin and to remove, with the next plan.
    mutating func takeWork() -> (transfers: [PageTransfer], drops: [PageKey]) {
        let some = Array(drops.prefix(StepPlan.mostDrops))
        drops.removeFirst(some.count)
        defer { begun = [] }
        return (begun, some)
    }

    /// Pages that cannot be had from the disks any more, since the last call.
    mutating func takeLost() -> [PageKey] {
        defer { lost = [] }
        return lost
    }

    /// Sentences for the log, since the last call.
    mutating func takeNotes() -> [String] {
        defer { notes = [] }
        return notes
    }
}
