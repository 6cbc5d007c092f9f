internal import Requests

extension ServingCore {
    /// Hands requests to groups while they have room: as many as they can run at once, and a few more, whose pictures
    /// are encoded meanwhile.
    mutating func dispatch() {
        guard line.count > 0, end == nil else { return }
        while let slot = court, slots[slot].tickets.isEmpty, let ticket = line.takeSuspect() {
            hand(ticket, to: slot, onTrial: true)
        }
        while let (ticket, slot) = takeNext() { hand(ticket, to: slot, onTrial: false) }
    }

    /// The slot that is kept free for the next request under suspicion: whoever is there ends first.
    ///
    /// Of several groups, the last that is left is put at risk only while nobody else needs it, unless no other will
    /// come back.
    private var court: Int? {
        guard line.hasSuspects else { return nil }
        let ready = slots.indices.filter { slots[$0].phase == .ready }
        let onTrial = ready.first { slots[$0].trial != nil }
        guard let slot = onTrial ?? ready.first(where: { slots[$0].tickets.isEmpty }) ?? ready.first else { return nil }
        let isSpare = ready.count > 1 || !slots.indices.contains { $0 != slot && slots[$0].isComing }
        return isSpare || (slots[slot].tickets.isEmpty && line.innocentCount == 0) ? slot : nil
    }

    /// The next request that is under no suspicion, and the group for it; `nil` if none is wanted anywhere.
    private mutating func takeNext() -> (Ticket, slot: Int)? {
        guard line.innocentCount > 0 else { return nil }
        let court = court
        let open = slots.indices.filter { slots[$0].phase == .ready && slots[$0].trial == nil && $0 != court }
        let roomy = open.filter { hasRoom($0) }
        if !roomy.isEmpty { return line.take().map { ($0, place(for: $0, among: roomy)) } }
        let most = limits.shortPrompt
        let nearlyFull = open.filter { slots[$0].tickets.count < 2 * limits.sequences + limits.ahead }
        guard most > 0, !nearlyFull.isEmpty else { return nil }
        let requests = requests
        let ticket = line.take {
            requests[$0].map { $0.prepared.tiles.isEmpty && $0.prepared.promptIds.count <= most } ?? false
        }
        return ticket.map { ($0, place(for: $0, among: nearlyFull)) }
    }

    /// Which of some groups a request goes to: one that has at least half of its prompt in its prefix cache and a
    /// sequence free, else the least loaded for its size.
    ///
    /// A shorter prefix, such as an instruction that all requests share, decides only between groups that are equally
    /// loaded: it would gather everybody at one group, and leave the others idle.
    private func place(for ticket: Ticket, among open: [Int]) -> Int {
        guard open.count > 1, let request = requests[ticket] else { return open[0] }
        let choices = open.map { slot in
            let group = slots[slot]
            let load = Double(group.tickets.count + 1) / Double(max(1, group.policy.decoderRanks))
            return (slot: slot, cached: cachedTokens(of: request, group), load: load)
        }
        let warm = choices.filter {
            2 * $0.cached >= request.prepared.promptIds.count && slots[$0.slot].tickets.count < limits.sequences
        }
        let best =
            warm.min { (-$0.cached, $0.load, $0.slot) < (-$1.cached, $1.load, $1.slot) }
            ?? choices.min { ($0.load, -$0.cached, $0.slot) < ($1.load, -$1.cached, $1.slot) }
        return best?.slot ?? open[0]
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
        slots[slot].figures.handed += 1
        if request.replays > 0 { slots[slot].figures.resumed += 1 }
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
        let picture = request.prepared.pictures[index]
        actions.append(.encode(ImageJob(number: number, cut: picture.cut), bytes: picture.bytes, slot: slot))
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
