internal import HeapModule
internal import Requests

/// What time brings: deadlines, signs of life, and the end of groups that say nothing.
extension ServingCore {
    mutating func tick() {
        passDeadlines()
        if let limit = drainDeadline, now >= limit { passDrainDeadline() }
        for slot in slots.indices { tick(slot) }
        let silent = requests.values.filter { $0.options.stream && now - $0.lastSent >= .seconds(4) }
        for ticket in silent.map(\.ticket).sorted() { sendProgress(ticket) }
        statistics.tick(now)
    }

    private mutating func passDeadlines() {
        while let first = deadlines.min, first.time <= now {
            deadlines.removeMin()
            guard let request = requests[first.ticket] else { continue }
            if request.hasStarted {
                finish(first.ticket, .deadline)
            } else {
                fail(first.ticket, RequestError(.deadline, "the deadline passed before work could begin"))
            }
        }
    }

    private mutating func tick(_ slot: Int) {
        if let time = slots[slot].restartAt, now >= time, end == nil {
            slots[slot].restartAt = nil
            actions.append(.survey(slot: slot, .all(except: slots[slot].shunned)))
        }
        if let survey = slots[slot].survey, now >= slots[slot].notBefore { restartGroup(slot, survey) }
        watch(slot)
    }

    /// Nothing waits for something that will not come: a group that has work and says nothing is ended, and its
    /// requests go on with the next.
    private mutating func watch(_ slot: Int) {
        let group = slots[slot]
        guard group.phase == .ready, !group.isHung, !group.tickets.isEmpty else { return }
        let knowsOfWork = group.load.running + group.load.waiting > 0
        guard now - group.lastNews >= (knowsOfWork ? limits.silence : limits.silenceWithoutJobs) else { return }
        slots[slot].isHung = true
        log(.error, "group has work and says nothing", [("requests", "\(group.tickets.count)")])
        actions.append(.endGroup(slot: slot, byForce: true))
    }

    /// Says where a request stands, unless something was said lately.
    mutating func sendProgress(_ ticket: Ticket, atMostEvery pause: Duration = .zero, note: String? = nil) {
        guard let request = requests[ticket], request.options.stream, now - request.lastSent >= pause else { return }
        requests[ticket]?.lastSent = now
        let (done, total): (Int, Int)
        switch request.stage {
        case .queue: (done, total) = (0, (line.position(of: ticket) ?? 0) + 1)
        case .vision: (done, total) = (arrivedTiles(of: request), request.tileCount)
        case .prefill: (done, total) = (request.prefilled, request.prepared.promptIds.count)
        case .decode: (done, total) = (request.tokens.count, request.preparation.maxTokens)
        }
        let progress = RequestProgress(stage: request.stage.rawValue, done: done, total: total, note: note)
        actions.append(.send(.progress(progress), to: ticket))
    }

    func arrivedTiles(of request: ServedRequest) -> Int {
        guard let slot = request.slot else { return 0 }
        return request.pictures.reduce(0) { $0 + slots[slot].visualTokens.arrivedTiles($1.key) }
    }
}
