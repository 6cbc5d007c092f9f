internal import Requests

extension ServingCore {
    /// Hands requests to groups while they have room: as many as they can run at once, and a few more, whose pictures
    /// are encoded meanwhile.
    mutating func dispatch() {
        guard line.count > 0 else { return }
        var next = slots.indices.filter { slots[$0].phase == .ready && end == nil }
        while !next.isEmpty {
            // The emptiest first, so that several groups share the work.
            next.sort { slots[$0].tickets.count < slots[$1].tickets.count }
            let slot = next[0]
            if let (ticket, onTrial) = takeNext(for: slot) {
                hand(ticket, to: slot, onTrial: onTrial)
            } else {
                next.removeFirst()
            }
        }
    }

    /// The next request for a group.
    ///
    /// One under suspicion has the group for itself: whoever is there ends first.
    private mutating func takeNext(for slot: Int) -> (Ticket, onTrial: Bool)? {
        guard slots[slot].trial == nil else { return nil }
        let isCourt = slot == slots.firstIndex { $0.phase == .ready }
        if isCourt, line.hasSuspects {
            guard slots[slot].tickets.isEmpty else { return nil }
            return line.takeSuspect().map { ($0, true) }
        }
        if hasRoom(slot) { return line.take().map { ($0, false) } }
        guard slots[slot].tickets.count < 2 * limits.sequences + limits.ahead, limits.shortPrompt > 0 else {
            return nil
        }
        let requests = requests
        let most = limits.shortPrompt
        return line.take {
            requests[$0].map { $0.prepared.tiles.isEmpty && $0.prepared.promptIds.count <= most } ?? false
        }
        .map { ($0, false) }
    }

    private func hasRoom(_ slot: Int) -> Bool {
        let group = slots[slot]
        return group.tickets.count < limits.sequences + limits.ahead
            && (group.tickets.isEmpty || group.visualTokens.pinnedBytes <= limits.visualCacheBytes)
    }

    private mutating func hand(_ ticket: Ticket, to slot: Int, onTrial: Bool) {
        guard var request = requests[ticket] else { return }
        if slots[slot].tickets.isEmpty { slots[slot].lastNews = now }
        request.slot = slot
        slots[slot].take(ticket, onTrial: onTrial)
        if let reason = request.finishReason {
            // The ranks had computed the answer to its end, and were lost before they could say so.
            requests[ticket] = request
            return finish(ticket, reason)
        }
        if let failure = badPicture(of: request) {
            requests[ticket] = request
            return fail(ticket, Self.error(of: failure), cause: failure, isOver: true)
        }
        request.clock.dispatched = request.clock.dispatched ?? now
        let use = takePictures(of: &request, slot)
        request.stage = use.toEncode.isEmpty ? .prefill : .vision
        if use.toEncode.isEmpty { request.clock.pictures = request.clock.pictures ?? now }
        requests[ticket] = request
        let numbers = request.pictures.map(\.number)
        actions.append(.submit(request.generateJob(numbers: numbers, isComing: use.isComing), slot: slot))
        for index in use.toEncode { encode(request, index, number: numbers[index], slot) }
    }

    private mutating func badPicture(of request: ServedRequest) -> RankFailure? {
        for key in request.prepared.contentKeys {
            if let failure = badPictures[key] { return failure }
        }
        return nil
    }

    /// Takes a request's pictures into use: which of them come, and which must be encoded for it.
    private mutating func takePictures(
        of request: inout ServedRequest,
        _ slot: Int
    ) -> (isComing: [Bool], toEncode: [Int]) {
        let covered = cachedTokens(of: request, slots[slot])
        var isComing: [Bool] = []
        var toEncode: [Int] = []
        for (index, key) in request.prepared.contentKeys.enumerated() {
            let span = request.prepared.imageSpans[index]
            let use = slots[slot].visualTokens.use(
                key,
                tiles: request.prepared.tiles[index],
                bytes: span.count * limits.visualTokenBytes,
                isCovered: span.upperBound <= covered
            )
            request.pictures.append(.init(key: key, number: use.number))
            isComing.append(slots[slot].visualTokens.isRequested(key))
            if use.mustEncode { toEncode.append(index) }
        }
        return (isComing, toEncode)
    }

    private mutating func encode(_ request: ServedRequest, _ index: Int, number: Int32, _ slot: Int) {
        let job = ImageJob(number: number, maxTiles: request.prepared.maxTiles)
        actions.append(.encode(job, bytes: request.prepared.imageBytes[index], slot: slot))
    }

    /// The leader needs pictures that the prefix cache was thought to cover.
    mutating func encodeWanted(_ numbers: [Int32], _ slot: Int) {
        for number in numbers where slots[slot].visualTokens.want(number) {
            guard let (user, index) = user(of: number, slot) else { continue }
            encode(user, index, number: number, slot)
        }
    }

    /// A request that uses a picture, and the picture's place in it.
    private func user(of number: Int32, _ slot: Int) -> (ServedRequest, Int)? {
        for ticket in slots[slot].tickets {
            guard let request = requests[ticket] else { continue }
            if let index = request.pictures.firstIndex(where: { $0.number == number }) { return (request, index) }
        }
        return nil
    }

    /// What the sender of a request is told when a rank could not do its part.
    static func error(of failure: RankFailure) -> RequestError {
        RequestError(failure.kind.code, failure.message + (failure.hint.map { "; \($0)" } ?? ""))
    }
}
