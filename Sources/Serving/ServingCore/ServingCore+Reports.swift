internal import Requests
internal import Tokenization

/// What comes back from a group.
extension ServingCore {
    mutating func take(_ step: StepReport, _ slot: Int) {
        slots[slot].knownPages.subtract(step.droppedPages)
        slots[slot].knownPages.formUnion(step.keptPages)
        slots[slot].load = step.load
        slots[slot].lastNews = now
        statistics.preemptions += step.preempted.count
        for number in step.tiles { tileArrived(number, slot) }
        for prefill in step.prefill { take(prefill, slot) }
        for tokens in step.tokens { take(tokens, slot) }
    }

    /// The request behind a job's name, if the slot's group has it.
    private func ticket(ofJob job: String, _ slot: Int) -> Ticket? {
        guard let ticket = ServedRequest.ticket(ofJob: job), requests[ticket]?.slot == slot else { return nil }
        return ticket
    }

    private mutating func tileArrived(_ number: Int32, _ slot: Int) {
        guard slots[slot].visualTokens.tileArrived(number) else { return }
        statistics.tiles += 1
        for ticket in slots[slot].tickets.sorted() {
            guard let request = requests[ticket], request.pictures.contains(where: { $0.number == number }) else {
                continue
            }
            if request.pictures.allSatisfy({ slots[slot].visualTokens.isComplete($0.key) }) {
                requests[ticket]?.clock.pictures = request.clock.pictures ?? now
                if request.stage == .vision { requests[ticket]?.stage = .prefill }
            }
            if requests[ticket]?.stage == .vision { sendProgress(ticket, atMostEvery: .milliseconds(100)) }
        }
    }

    private mutating func take(_ prefill: StepReport.Prefill, _ slot: Int) {
        guard let ticket = ticket(ofJob: prefill.id, slot) else { return }
        requests[ticket]?.prefilled = prefill.done
        if requests[ticket]?.stage == .prefill || prefill.done == prefill.total {
            sendProgress(ticket, atMostEvery: .milliseconds(250))
        }
    }

    private mutating func take(_ tokens: StepReport.Tokens, _ slot: Int) {
        guard let ticket = ticket(ofJob: tokens.id, slot), var request = requests[ticket] else { return }
        // Out of the table while it changes, so that nothing of it is copied.
        requests[ticket] = nil
        request.stage = .decode
        let isFirst = request.tokens.isEmpty
        if request.suspicion.losses > 0 {
            request.suspicion.clear()
            slots[slot].acquit(ticket)
        }
        // A token stays, whatever becomes of the group.
        slots[slot].policy.madeProgress()
        request.clock.decodeSteps += 1
        if let draft = tokens.draft {
            request.speculation.note(draft)
            statistics.speculation.note(draft)
        }
        for (index, id) in tokens.ids.enumerated() where !request.answer.hasMatchedStop {
            request.tokens.append(id)
            statistics.noteToken(request, at: now)
            slots[slot].figures.generatedTokens += 1
            request.clock.gotToken(at: now)
            let logprobs = tokens.logprobs.indices.contains(index) ? tokens.logprobs[index] : nil
            if let logprobs { request.logprobs.append(logprobs) }
            for segment in request.answer.append(id, logprobs: logprobs) { send(segment, of: &request) }
        }
        let hasMatched = request.answer.hasMatchedStop
        requests[ticket] = request
        if isFirst { releaseFollowers(of: ticket) }
        if hasMatched { finish(ticket, .stopString) }
    }

    mutating func send(_ segment: AnswerStream.Segment, of request: inout ServedRequest) {
        if request.wantsLogprobsAtEnd { request.pieceLogprobs += segment.logprobs }
        guard request.options.stream else { return }
        request.lastSent = now
        let piece = Piece(text: segment.text, ids: segment.ids, logprobs: segment.logprobs)
        actions.append(.send(segment.part == .thinking ? .thinking(piece) : .answer(piece), to: request.ticket))
    }

    /// The leader has ended a job.
    mutating func take(_ summary: JobSummary, ofJob job: String, _ slot: Int) {
        slots[slot].lastNews = now
        guard let ticket = ticket(ofJob: job, slot) else { return }
        finish(ticket, summary.reason, summary: summary)
    }

    /// A rank could not do its part of a job, or read a picture.
    mutating func take(_ failure: RankFailure, _ slot: Int) {
        slots[slot].lastNews = now
        if let job = failure.id {
            guard let ticket = ticket(ofJob: job, slot) else { return }
            fail(ticket, Self.error(of: failure), cause: failure, isOver: true)
        } else if let number = failure.image, let key = slots[slot].visualTokens.key(of: number) {
            let error = Self.error(of: failure)
            // The same bytes fail again; what a rank alone could not do is tried again.
            if error.code.blame == .client { badPictures[key] = failure }
            let users = slots[slot].tickets.filter { requests[$0]?.pictures.contains { $0.number == number } ?? false }
            forget([slots[slot].visualTokens.remove(key)].compactMap { $0 }, slot)
            for ticket in users.sorted() { fail(ticket, error, cause: failure) }
        }
    }
}
