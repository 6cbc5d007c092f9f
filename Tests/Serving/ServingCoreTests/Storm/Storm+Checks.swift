import Requests

@testable import ServingCore

/// What must be true of a core after every input.
extension Storm {
    mutating func check(isThorough: Bool) {
        let dispatched = core.requests.values.filter { $0.slot != nil }
        let held = held
        require(
            core.line.count == core.requests.count - dispatched.count - held.count,
            "the line has others than those who wait"
        )
        for first in core.followers.keys {
            require(
                core.requests[first]?.tokens.isEmpty == true,
                "some wait for a prompt that was read, or never will be"
            )
        }
        require(core.line.underWayCount == dispatched.count, "others count as under way than are")
        require(core.inFlight <= core.limits.inFlight, "more in flight than may be")
        let snapshot = core.snapshot(now: now)
        require(snapshot.running == dispatched.count, "figures: running")
        require(snapshot.running + snapshot.waiting == core.inFlight, "figures: waiting")
        for slot in core.slots {
            require(
                slot.tickets.count <= 2 * core.limits.sequences + core.limits.ahead,
                "a group has more than it has room for"
            )
            if slot.trial != nil { require(slot.tickets.count == 1, "a request on trial has company") }
            if slot.phase != .ready { require(slot.tickets.isEmpty, "a group that is not ready has requests") }
        }
        checkLine()
        if isThorough { checkBelongings() }
    }

    /// Requests that wait for the prompt that they share to be read by another.
    private var held: Set<Ticket> { Set(core.followers.values.joined()).filter { core.requests[$0] != nil } }

    /// Nobody waits for a restart, or for anything else, while a group has room.
    ///
    /// One group at most is kept free, for somebody under suspicion; who is under suspicion may wait.
    private mutating func checkLine() {
        let held = held
        let waiting = core.requests.values.filter {
            $0.slot == nil && !$0.suspicion.isSuspected && !held.contains($0.ticket)
        }
        guard !waiting.isEmpty, core.end == nil else { return }
        let hasSuspects = core.requests.values.contains { $0.slot == nil && $0.suspicion.isSuspected }
        let free = core.slots.filter { slot in
            slot.phase == .ready && slot.trial == nil
                && slot.tickets.count < core.limits.sequences + core.limits.ahead
                && (slot.tickets.isEmpty || slot.visualTokens.pinnedBytes <= core.limits.visualCacheBytes)
        }
        require(free.count <= (hasSuspects ? 1 : 0), "\(waiting[0].ticket) waits while a group has room")
        // Of the last group that is ready nobody is kept off for a trial that has not begun, while another is on its way.
        let isComing = core.slots.contains { $0.phase == .loading || $0.phase == .waiting }
        if isComing, core.slots.count(where: { $0.phase == .ready }) == 1 {
            require(free.isEmpty, "\(waiting[0].ticket) waits for a restart")
        }
    }

    /// Pictures and pages are held by exactly who uses them, and whoever waits is waited for.
    private mutating func checkBelongings() {
        let waiting = Set(core.requests.values.filter { $0.slot == nil }.map(\.ticket)).subtracting(held)
        require(core.line.tickets == waiting, "the line holds others")
        require(core.pictureBytes == core.requests.values.reduce(0) { $0 + $1.pictureBytes }, "bytes of pictures")
        require(core.pictures.byteCount <= core.limits.pictureBytes, "too many pictures are kept")
        for (index, slot) in core.slots.enumerated() {
            let mine = core.requests.values.filter { $0.slot == index }
            require(slot.tickets == Set(mine.map(\.ticket)), "a group has others than those who are with it")
            let users = mine.reduce(0) { $0 + $1.pictures.count }
            require(slot.visualTokens.users == users, "pictures are held by others than who uses them")
            for picture in mine.flatMap(\.pictures) {
                require(slot.visualTokens.key(of: picture.number) == picture.key, "a picture in use is gone")
            }
            for request in mine {
                require(request.pictures.count == request.prepared.tiles.count, "pictures not taken")
            }
            let idle = slot.visualTokens.byteCount - slot.visualTokens.pinnedBytes
            require(idle <= core.limits.visualCacheBytes, "more idle pictures than may be")
            guard let group = groups[index]?.group, groups[index]?.generation == slot.generation else { continue }
            // What the core thinks that ranks hold is what they hold.
            for number in group.pictures.keys {
                require(slot.visualTokens.key(of: number) != nil, "ranks hold a picture that nobody knows")
            }
            for id in group.jobs.keys { require(mine.contains { $0.job == id }, "ranks work on a job for nobody") }
        }
        let known = Set(core.requests.keys).union(core.preparing.keys)
        require(known.isSuperset(of: live), "a request is gone that has not ended")
        for ticket in known {
            let one = heard[ticket]
            require(one?.isAbandoned == false && one?.ends == 0, "a request is there that has ended")
        }
    }
}
