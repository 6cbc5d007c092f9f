internal import Diagnostics
internal import Requests

/// The life of groups: started, ready, lost, and started again.
extension ServingCore {
    mutating func startGroup(_ slot: Int) {
        guard end == nil else { return }
        slots[slot].clear()
        slots[slot].generation += 1
        slots[slot].phase = .loading
        slots[slot].restartAt = nil
        slots[slot].survey = nil
        slots[slot].lastNews = now
        let decoderRanks = slots[slot].policy.decoderRanks
        let visionRanks = slots[slot].visionRanks
        log(
            .info,
            "group starts",
            details(slot) + [("decoder", "\(decoderRanks)"), ("vision", "\(visionRanks)")]
        )
        let generation = slots[slot].generation
        actions.append(
            .startGroup(slot: slot, generation: generation, decoderRanks: decoderRanks, visionRanks: visionRanks)
        )
    }

    mutating func take(_ news: GroupNews, _ slot: Int) {
        if slots[slot].isMakingRoom {
            if case .ended = news { hasMadeRoom(slot) }
            return
        }
        switch news {
        case .joined(let hello): slots[slot].ranks.join(hello)
        case .formed: log(.info, "all ranks have said hello", details(slot))
        case .report(let rank, let report): take(report, of: rank, slot)
        case .note(let line): log(.notice, line)
        case .ended(let error): groupEnded(slot, error)
        }
    }

    private mutating func take(_ report: LinkReport, of rank: Int, _ slot: Int) {
        switch report {
        case .step(let step): take(step, slot)
        case .finished(let job, let summary): take(summary, ofJob: job, slot)
        case .failed(let failure): take(failure, slot)
        case .imagesWanted(let numbers): encodeWanted(numbers, slot)
        case .progress(_, let done, let total): slots[slot].ranks.noteLoading(done, total, of: rank)
        case .ready(let stats):
            slots[slot].ranks.note(stats, of: rank)
            guard fits(stats, of: rank, slot) else { return }
            let wanted = slots[slot].policy.decoderRanks + slots[slot].visionRanks
            if slots[slot].ranks.readyCount == wanted, slots[slot].phase == .loading { becomeReady(slot) }
        case .activity(let activity): slots[slot].ranks.note(activity, of: rank)
        case .log(let line): log(.info, line, [("rank", "\(rank)")])
        case .hello, .stage, .met, .drafts, .trace, .pong, .goodbye: break
        }
    }

    /// Whether a rank computes what receipts say; a group with one that does not is ended.
    private mutating func fits(_ stats: RankStats, of rank: Int, _ slot: Int) -> Bool {
        guard slots[slot].misfit == nil else { return false }
        guard let own = limits.receipts?.computation, let found = stats.computation, found != own else { return true }
        slots[slot].misfit = OtherComputationError(rank: rank, found: found, own: own)
        actions.append(.endGroup(slot: slot, byForce: true))
        return false
    }

    private mutating func becomeReady(_ slot: Int) {
        guard end == nil else { return }
        slots[slot].phase = .ready
        slots[slot].readySince = now
        slots[slot].lastNews = now
        slots[slot].policy.becameReady()
        slots[slot].hasGivenUp = false
        let policy = slots[slot].policy
        if slots[slot].isSmall, limits.growsBack {
            slots[slot].regrowth.begin(isForHosts: !policy.hasFailed, now: now)
        }
        log(
            .info,
            "group is ready",
            details(slot) + [
                ("decoder", "\(policy.decoderRanks)"), ("degraded", "\(slots[slot].isSmall)"),
                ("in_line", "\(line.count)"),
            ]
        )
        actions.append(.announce(message: nil))
        if !hasBeenReady {
            hasBeenReady = true
            actions.append(.becameReady)
        }
    }

    func details(_ slot: Int) -> [(name: String, value: String)] {
        let generation = ("generation", "\(slots[slot].generation)")
        return slots.count > 1 ? [("slot", "\(slot)"), generation] : [generation]
    }

    // MARK: - Loss and return

    private mutating func groupEnded(_ slot: Int, _ error: (any OperatorError)?) {
        if end != nil {
            slots[slot].clear()
            return conclude()
        }
        let misfit: (any OperatorError)? = slots[slot].misfit
        let cause = misfit ?? error ?? (slots[slot].isHung ? HungGroupError() : UnaskedEndError())
        let lived = slots[slot].phase == .ready ? slots[slot].readySince.map { now - $0 } : nil
        lose(slot, cause, lived: lived)
    }

    /// The group is gone: what it had goes back to the head of the line, and a new one is started after a while.
    mutating func lose(_ slot: Int, _ error: any OperatorError, lived: Duration?) {
        let begun = standing(slot)
        slots[slot].clear()
        statistics.losses += 1
        slots[slot].figures.losses += 1
        log(.error, "group lost", details(slot) + [("cause", error.report)])
        putBack(begun)
        let before = slots[slot].regrowth.lost(lived: lived, now: now)
        // Hosts that have just come back, and with which the group did not live, are left out for a while.
        if let before {
            slots[slot].shunned = before.missing
        } else if !slots[slot].regrowth.isResting(now) {
            slots[slot].shunned = []
        }
        // What a host lacks that has just come back is wrong with that host, and the group lived without it.
        let isOwn = before == nil && lived == nil
        let isHopeless = isOwn && [.checkpoint, .usage, .ranksDisagree].contains(error.exitCode)
        let decision = slots[slot].policy.lost(lived: lived, isHopeless: isHopeless)
        if let before { slots[slot].policy.fallBack(to: before.decoderRanks) }
        switch decision {
        case .giveUp:
            slots[slot].hasGivenUp = true
            // While another group answers, or may come to, a new one is worth a try now and then.
            guard hasBeenReady, !slots.allSatisfy(\.hasGivenUp) else { return giveUp(error) }
            startAgain(slot, after: slots[slot].policy.longestWait)
        case .restart(let wait, _): startAgain(slot, after: wait)
        }
    }

    private mutating func startAgain(_ slot: Int, after wait: Duration) {
        slots[slot].phase = .waiting
        // The hosts are asked meanwhile, or in the last second of a longer wait.
        slots[slot].restartAt = now + max(.zero, wait - .seconds(1))
        slots[slot].notBefore = now + wait
        slots[slot].survey = nil
        let decoderRanks = slots[slot].policy.decoderRanks
        log(
            .warning,
            "group starts again",
            details(slot) + [("after_ms", "\(Int(wait / .milliseconds(1)))"), ("decoder", "\(decoderRanks)")]
        )
        actions.append(.announce(message: "ranks were lost and are started again; no answer is lost"))
    }

    /// What a group has, in the order of admission, and how far each request has come.
    func standing(_ slot: Int) -> [(request: ServedRequest, point: Suspicion.Point)] {
        var found: [(request: ServedRequest, point: Suspicion.Point)] = []
        for ticket in slots[slot].tickets {
            guard let request = requests[ticket] else { continue }
            let tiles = arrivedTiles(of: request)
            let point = Suspicion.Point(tokens: request.tokens.count, prefilled: request.prefilled, tiles: tiles)
            found.append((request, point))
        }
        return found.sorted { $0.request.order < $1.request.order }
    }

    private mutating func giveUp(_ error: any OperatorError) {
        failEverything(RequestError(.rankLost, "the ranks were lost and could not be started again"))
        let isOwnCause = limits.endsWithCause || !hasBeenReady
        stopServing(.failed(isOwnCause ? error : GroupGivenUpError(cause: error)))
    }

    /// Requests of a lost group go back to the head of the line; those under suspicion to a line of their own.
    ///
    /// - Parameter isLoss: whether ranks were lost, and not ended from here.
    mutating func putBack(_ begun: [(request: ServedRequest, point: Suspicion.Point)], isLoss: Bool = true) {
        var innocent: [(Ticket, Owner)] = []
        var guilty: [Ticket] = []
        for (var request, point) in begun {
            if isLoss { request.suspicion.lost(at: point, alone: begun.count == 1) }
            request.slot = nil
            request.pictures = []
            request.stage = .queue
            request.prefilled = 0
            request.replays += 1
            statistics.replayed += 1
            line.release(request.owner)
            if request.suspicion.isGuilty { guilty.append(request.ticket) }
            if request.suspicion.isSuspected {
                line.suspect(request.ticket, owner: request.owner)
            } else {
                innocent.append((request.ticket, request.owner))
            }
            requests[request.ticket] = request
        }
        line.putBack(innocent)
        for ticket in guilty { condemn(ticket) }
        let isAnotherReady = slots.contains { $0.phase == .ready }
        let what = isLoss ? "ranks were lost" : "more hosts take part"
        let note = "\(what); the answer goes on " + (isAnotherReady ? "in another group" : "when the ranks are back")
        for (request, _) in begun { sendProgress(request.ticket, note: note) }
    }

    /// Ranks die under a request alone, again and again: it is given up, and the others go on.
    private mutating func condemn(_ ticket: Ticket) {
        guard let losses = requests[ticket]?.suspicion.losses else { return }
        let what = "the ranks were lost \(losses) times while they worked on this request, at last on it alone"
        fail(ticket, RequestError(.rankLost, what))
        for slot in slots.indices { slots[slot].policy.madeProgress() }
    }
}
