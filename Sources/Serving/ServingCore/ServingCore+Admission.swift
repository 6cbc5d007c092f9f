internal import HeapModule
internal import Requests

extension ServingCore {
    /// A request has come: it is made ready beside the core, or turned away.
    mutating func ask(_ ticket: Ticket, _ owner: Owner) {
        if let refusal = refusal() { return refuse(ticket, refusal) }
        preparing[ticket] = Preparing(owner: owner, arrived: now)
        actions.append(.prepare(ticket))
    }

    /// Why no request is taken at the moment; `nil` if one is.
    func refusal() -> RequestError? {
        if isDraining { return RequestError(.draining, "the server finishes what it has and takes nothing new") }
        if !hasBeenReady {
            return RequestError(.loading, "the model is being loaded", retryAfterMilliseconds: 1000)
        }
        guard inFlight < limits.inFlight else {
            let what = "\(limits.inFlight) requests are in flight"
            return RequestError(.busy, what, retryAfterMilliseconds: retryAfterMilliseconds)
        }
        return nil
    }

    /// When a place is likely to be free: the time that a request takes, divided by those under way.
    private var retryAfterMilliseconds: Int {
        let typical = statistics.requestTime.quantiles([0.5])[0]
        return min(30_000, max(100, Int(typical * 1000 / Double(max(1, limits.sequences * slots.count)))))
    }

    /// Turns a request away that was never accepted.
    private mutating func refuse(_ ticket: Ticket, _ error: RequestError) {
        statistics.noteError(error.code)
        actions.append(.send(.failed(error), to: ticket))
    }

    /// A request is ready, or cannot be made so.
    mutating func admit(_ ticket: Ticket, _ result: Result<Preparation, RequestError>) {
        // One that was abandoned meanwhile is of no interest to anybody.
        guard let waiting = preparing.removeValue(forKey: ticket) else { return }
        let preparation: Preparation
        do throws(RequestError) {
            preparation = try result.get()
            if let refusal = refusal() { throw refusal }
        } catch {
            return refuse(ticket, error)
        }
        accept(ticket, preparation, waiting)
        if waiting.isCancelled { finish(ticket, .cancelled) }
    }

    private mutating func accept(_ ticket: Ticket, _ preparation: Preparation, _ waiting: Preparing) {
        precondition(requests[ticket] == nil, "ticket \(ticket) is drawn twice")
        nextOrder += 1
        let prepared = preparation.request
        var request = ServedRequest(
            ticket: ticket,
            owner: waiting.owner,
            order: nextOrder,
            preparation: preparation,
            answer: AnswerStream(tokenizer, stop: preparation.options.stop),
            lastSent: now,
            clock: RequestClock(arrived: waiting.arrived)
        )
        for picture in prepared.pictures { pictures.keep(picture.bytes, digest: picture.digest) }
        pictureBytes += request.pictureBytes
        request.cachedTokens = slots.map { cachedTokens(of: request, $0) }.max() ?? 0
        if let limit = request.options.deadlineMilliseconds {
            deadlines.insert(Deadline(time: waiting.arrived + .milliseconds(limit), ticket: ticket))
        }
        requests[ticket] = request
        if let first = preparation.sharesPromptOf, requests[first]?.tokens.isEmpty == true {
            followers[first, default: []].append(ticket)
        } else {
            line.append(ticket, owner: waiting.owner)
        }
        statistics.accepted += 1
        let ack = Ack(
            queued: max(0, line.count - 1),
            promptTokens: prepared.promptIds.count,
            imageTokens: prepared.imageTokens,
            tiles: prepared.tiles,
            grids: prepared.grids,
            cachedTokens: request.cachedTokens,
            seed: preparation.seed
        )
        actions.append(.send(.accepted(ack), to: ticket))
    }

    /// The prompt of a request has been read, or never will be: those that wait for it stand in line.
    mutating func releaseFollowers(of first: Ticket) {
        for ticket in followers.removeValue(forKey: first) ?? [] {
            if let owner = requests[ticket]?.owner { line.append(ticket, owner: owner) }
        }
    }

    /// Tokens of the prompt that a group's prefix cache has, as far as is known here.
    func cachedTokens(of request: ServedRequest, _ slot: GroupSlot) -> Int {
        // One token is always computed: its logits choose the first of the answer.
        let most = (request.prepared.promptIds.count - 1) / limits.pageTokens
        let known = request.preparation.pageKeys.prefix(most).prefix { slot.knownPages.contains($0) }
        return known.count * limits.pageTokens
    }
}
