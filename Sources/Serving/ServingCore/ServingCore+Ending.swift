internal import Requests

extension ServingCore {
    /// CANCEL.
    mutating func cancel(_ ticket: Ticket) {
        // One that is still being made ready ends as soon as it is.
        preparing[ticket]?.isCancelled = true
        finish(ticket, .cancelled)
    }

    /// Its sender has gone.
    mutating func abandon(_ ticket: Ticket) {
        preparing[ticket] = nil
        finish(ticket, .cancelled)
    }

    /// Ends a request with END; of no effect when it has ended.
    ///
    /// - Parameter summary: of the leader, where it was the ranks that ended it.
    mutating func finish(_ ticket: Ticket, _ reason: FinishReason, summary: JobSummary? = nil) {
        guard var request = requests.removeValue(forKey: ticket) else { return }
        for segment in request.answer.finish() { send(segment, of: &request) }
        request.clock.prefillMilliseconds += summary?.prefillMilliseconds ?? 0
        var end = request.end(reason, summary: summary, now: now)
        if let origin = limits.receipts, request.options.receipt || limits.givesReceipts {
            end.receipt = request.receipt(origin, reason)
        }
        let ending = Ending(end: end, tokens: request.tokens, logprobs: request.logprobs)
        actions.append(.send(.ended(ending), to: ticket))
        statistics.note(request, finish: reason, summary: summary, at: now)
        if let summary, let slot = request.slot {
            slots[slot].policy.madeProgress()
            slots[slot].figures.promptTokens += request.prepared.promptIds.count
            slots[slot].figures.cachedTokens += summary.cachedTokens
        }
        letGo(of: &request, isOver: summary != nil)
        log(request, outcome: reason.rawValue)
    }

    /// Ends a request with ERR; of no effect when it has ended.
    ///
    /// - Parameters:
    ///   - cause: what a rank said, where one did.
    ///   - isOver: whether the group has ended the job by itself.
    mutating func fail(_ ticket: Ticket, _ error: RequestError, cause: RankFailure? = nil, isOver: Bool = false) {
        guard var request = requests.removeValue(forKey: ticket) else { return }
        statistics.failed += 1
        statistics.noteError(error.code)
        actions.append(.send(.failed(error, cause: cause), to: ticket))
        letGo(of: &request, isOver: isOver)
        log(request, outcome: error.code.rawValue)
    }

    /// Ends every request with an error.
    mutating func failEverything(_ error: RequestError) {
        for ticket in requests.values.sorted(by: { $0.order < $1.order }).map(\.ticket) { fail(ticket, error) }
        for ticket in preparing.keys.sorted() {
            preparing[ticket] = nil
            statistics.noteError(error.code)
            actions.append(.send(.failed(error), to: ticket))
        }
    }

    /// Lets go of everything that a request held: its place, its pictures, its part of a group.
    private mutating func letGo(of request: inout ServedRequest, isOver: Bool) {
        line.remove(request.ticket)
        releaseFollowers(of: request.ticket)
        pictureBytes -= request.pictureBytes
        guard let slot = request.slot else { return }
        if !isOver { actions.append(.cancel(job: request.job, slot: slot)) }
        slots[slot].release(request.ticket)
        line.release(request.owner)
        releasePictures(of: &request, slot)
        request.slot = nil
    }

    private mutating func releasePictures(of request: inout ServedRequest, _ slot: Int) {
        var forgotten: [Int32] = []
        for picture in request.pictures { forgotten += slots[slot].visualTokens.release(picture.key, picture.number) }
        request.pictures = []
        forget(forgotten, slot)
    }

    mutating func forget(_ numbers: [Int32], _ slot: Int) {
        if !numbers.isEmpty { actions.append(.forget(numbers, slot: slot)) }
    }

    /// One line a request.
    private mutating func log(_ request: ServedRequest, outcome: String) {
        let timing = request.clock.timing(now: now, tokens: request.tokens.count, hasPictures: false)
        let label = request.preparation.label.map { [("id", $0)] } ?? []
        log(
            .info,
            "request ended",
            label + [
                ("request", request.job), ("owner", "\(request.owner)"), ("outcome", outcome),
                ("prompt", "\(request.prepared.promptIds.count)"), ("cached", "\(request.cachedTokens)"),
                ("tiles", "\(request.tileCount)"), ("tokens", "\(request.tokens.count)"),
                ("replays", "\(request.replays)"), ("ttft_ms", "\(Int(timing.ttftMilliseconds))"),
                ("total_ms", "\(Int(timing.totalMilliseconds))"),
            ]
        )
    }
}
