internal import Requests

extension Scheduler {
    /// Admits in the order of arrival while there is room: pages for all of a sequence's tokens and the next one, and a page
    /// for each sequence that runs, so that they do not push each other out at once.
    ///
    /// Where the first in line finds no room, short ones behind it do not wait for it: they are admitted before it, as
    /// often as ``Limits/passesAllowed`` says, and then nobody is until it is.
    mutating func admit() {
        while let place = nextToAdmit() {
            let hit = cachedPages(ofWaiting: place)
            if beginLoads(for: place, behind: hit) { continue }
            for passed in 0..<place where waiting[passed].isReady { waiting[passed].timesPassed += 1 }
            start(waiting.remove(at: place), hit)
        }
    }

    private mutating func nextToAdmit() -> Int? {
        guard hasSeat(short: true) else { return nil }
        var isFirst = true
        // Who could be admitted further behind is not worth looking for in every step.
        for place in waiting.indices.prefix(limits.maxRuns) where waiting[place].isReady {
            let hit = cachedPages(ofWaiting: place)
            let isShort = isShort(waiting[place], hit)
            if isFirst || isShort, hasSeat(short: isShort), hasPages(waiting[place], hit) { return place }
            if waiting[place].timesPassed >= limits.passesAllowed { return nil }
            isFirst = false
        }
        return nil
    }

    private func isShort(_ sequence: JobSequence, _ hit: [Int32]) -> Bool {
        sequence.tokens.count - hit.count * limits.pageTokens <= limits.prefillChunk
    }

    /// Whether one more sequence may run: as many as may decode, and short prompts instead of long ones that are far from
    /// decoding.
    private func hasSeat(short isShort: Bool) -> Bool {
        if running.count < limits.maxSequences { return true }
        guard isShort else { return false }
        let taken = running.count { sequence in
            !sequence.isPrefilling || sequence.stepsLeft != nil
                || sequence.decodesFrom - sequence.cached <= limits.prefillChunk
        }
        return taken < limits.maxSequences
    }

    private func hasPages(_ sequence: JobSequence, _ hit: [Int32]) -> Bool {
        let fresh = pagesNeeded(sequence.tokens.count + 1) - hit.count
        let idleHits = hit.reduce(0) { $0 + (pages.isIdle($1) ? 1 : 0) }
        if fresh + idleHits + running.count <= pages.availableCount { return true }
        // Alone it has them all, but for those that are under way to or from the disks.
        return running.isEmpty && disk?.isBusy != true
    }

    private mutating func start(_ waiting: JobSequence, _ hit: [Int32]) {
        var sequence = waiting
        for page in hit {
            pages.share(page)
            sequence.pages.append(page)
        }
        sequence.keyedPages = hit.count
        sequence.cached = hit.count * limits.pageTokens
        sequence.firstHit = sequence.firstHit ?? min(sequence.cached, sequence.job.promptIds.count)
        sequence.stepsLeft = isShort(sequence, hit) ? Self.promisedSteps : nil
        sequence.timesPassed = 0
        for _ in hit.count..<pagesNeeded(sequence.tokens.count + 1) {
            if let page = pages.take() { sequence.pages.append(page) }
        }
        wantImages(of: sequence)
        running.append(sequence)
    }

    /// The longest chain of known pages that a sequence begins with, one token at least left to compute.
    private mutating func cachedPages(ofWaiting place: Int) -> [Int32] {
        guard !waiting[place].job.trace else { return [] }
        var found: [Int32] = []
        for index in 0..<((waiting[place].tokens.count - 1) / limits.pageTokens) {
            let key = waiting[place].key(ofPage: index, pageTokens: limits.pageTokens)
            guard let page = pages.page(key) else { break }
            found.append(page)
        }
        return found
    }

    /// Asks for the images that a sequence needs and nobody encodes.
    mutating func wantImages(of sequence: JobSequence) {
        for image in sequence.job.images
        where image.positions.upperBound > sequence.cached && !images.isOpen(image.number) {
            images.open(image.number, tokens: image.count)
            wantedImages.append(image.number)
        }
    }

    /// Sees to it that every decoding sequence has a page for its next token; the last admitted make room.
    mutating func securePages() {
        var index = 0
        while index < running.count {
            guard !running[index].isPrefilling, pagesNeeded(running[index].cached + 1) > running[index].pages.count
            else {
                index += 1
                continue
            }
            if let page = pages.take() {
                running[index].pages.append(page)
            } else {
                preempt(running.count - 1)
            }
        }
    }

    /// Takes a sequence's pages away; it goes back to the head of the line.
    mutating func preempt(_ index: Int) {
        var sequence = running.remove(at: index)
        pages.release(sequence.pages)
        sequence.rewindToConfirmed()
        sequence.pages = []
        sequence.keyedPages = 0
        sequence.cached = 0
        sequence.stepsLeft = nil
        sequence.hasAskedDisk = false
        preempted.append(sequence.job.id)
        waiting.insert(sequence, at: 0)
    }
}
