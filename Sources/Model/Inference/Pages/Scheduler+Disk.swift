package import PageFiles
internal import Requests

/// Pages that leave memory and come back: the scheduler's part of it.
extension Scheduler {
    /// The group has pages on disk.
    ///
    /// Must be called before the first step.
    package mutating func attach(_ index: DiskIndex) { disk = index }

    /// Begins to read the pages that a waiting sequence could begin with and that are not in memory.
    ///
    /// It stays in line until they are there. This is tried once, so that a disk that fails cannot hold anybody up twice.
    ///
    /// - Parameter hit: the pages in memory that it begins with.
    /// - Returns: whether anything is awaited.
    mutating func beginLoads(for place: Int, behind hit: [Int32]) -> Bool {
        guard disk?.figures.isReading == true, !waiting[place].hasAskedDisk, !waiting[place].job.trace else {
            return false
        }
        waiting[place].hasAskedDisk = true
        let keys = keysOnDisk(of: place, from: hit.count)
        guard !keys.isEmpty else { return false }
        // What it begins with is not to make room for what comes behind.
        for page in hit { pages.share(page) }
        defer { pages.release(hit) }
        for key in keys where pages.page(key) == nil {
            // One that was in memory has had to make room for one before it.
            guard disk?.has(key) == true else { break }
            if disk?.isLoading(key) != true {
                guard let page = pages.take() else { break }
                disk?.beginLoad(key, into: page)
            }
            waiting[place].awaited.insert(key)
        }
        return waiting[place].isAwaitingPages
    }

    private mutating func keysOnDisk(of place: Int, from first: Int) -> [PageKey] {
        var keys: [PageKey] = []
        let most = (waiting[place].tokens.count - 1) / limits.pageTokens
        for index in first..<max(first, most) {
            let key = waiting[place].key(ofPage: index, pageTokens: limits.pageTokens)
            guard disk?.has(key) == true || pages.page(key) != nil else { break }
            keys.append(key)
        }
        return keys
    }

    /// Begins to write pages that have got names, before anybody can take them.
    mutating func beginSaves() {
        guard disk != nil else { return }
        let reserve = running.count + 1
        let begun = disk?.beginSaves { [pages] key in
            guard let page = pages.page(key), !pages.isIdle(page) || pages.availableCount > reserve else { return nil }
            return page
        }
        for page in begun ?? [] { pages.share(page) }
    }

    /// What the ranks are to move and remove stands in the next plan, so that all do the same.
    package mutating func planTransfers(in plan: inout StepPlan) {
        beginSaves()
        guard let work = disk?.takeWork() else { return }
        plan.transfers = work.transfers
        plan.drops = work.drops
    }

    /// A rank is done with a page.
    package mutating func note(_ outcome: PageOutcome) {
        guard let arrival = disk?.note(outcome) else { return }
        let (page, key) = (arrival.transfer.page, arrival.transfer.key)
        if arrival.transfer.kind == .load {
            if arrival.isGood { pages.register(page, key) }
            for index in waiting.indices { waiting[index].awaited.remove(key) }
            disk?.judge(pageTokens: limits.pageTokens)
        }
        pages.release([page])
    }

    /// Nobody waits for pages any longer; those that come later are of use to others.
    package mutating func stopAwaitingPages() {
        for index in waiting.indices { waiting[index].awaited = [] }
    }

    /// Whether a sequence waits for pages from the disks.
    package var isAwaitingPages: Bool { waiting.contains { $0.isAwaitingPages } }

    /// Whether pages are under way to the disks, or may still be.
    package var hasPagesToKeep: Bool { disk.map { $0.isBusy || $0.hasCandidates } ?? false }

    package mutating func takeDiskNotes() -> [String] { disk?.takeNotes() ?? [] }

    /// A step has taken in nothing but tokens of prompts.
    mutating func noteComputed(tokens: Int, seconds: Double) {
        disk?.noteComputed(tokens: tokens, seconds: seconds, pageTokens: limits.pageTokens)
    }

    /// The changes of what the process in front knows to be cached, in memory or on disk.
    mutating func takePageChanges() -> (kept: [PageKey], dropped: [PageKey]) {
        var (kept, dropped) = pages.takeChanges()
        guard disk != nil else { return (kept, dropped) }
        disk?.offer(kept)
        dropped += disk?.takeLost() ?? []
        let isThere = { [pages, disk] (key: PageKey) in pages.page(key) != nil || disk?.has(key) == true }
        kept = kept.filter(isThere)
        dropped = dropped.filter { !isThere($0) }
        return (kept, dropped)
    }
}
