internal import Requests

/// How serving ends.
extension ServingCore {
    /// Nothing new is taken, what runs is finished, and then the core ends.
    ///
    /// - Parameter limit: when requests still under way are ended with what there is of them.
    mutating func drain(within limit: Duration?) {
        if !isDraining {
            isDraining = true
            log(.notice, "draining", [("in_flight", "\(inFlight)")])
            actions.append(.announce(message: nil))
        }
        if let limit, drainDeadline == nil { drainDeadline = now + limit }
    }

    mutating func passDrainDeadline() {
        drainDeadline = nil
        for request in requests.values.sorted(by: { $0.order < $1.order }) {
            if request.hasStarted {
                finish(request.ticket, .deadline)
            } else {
                fail(request.ticket, RequestError(.draining, "the server is draining, and its time is over"))
            }
        }
    }

    /// Ends every request with an error, and the core with `end`.
    mutating func stopAtOnce(_ end: CoreEnd) {
        guard self.end == nil else { return }
        isDraining = true
        log(.notice, "stopping at once", [("in_flight", "\(inFlight)")])
        failEverything(RequestError(.draining, "the server was stopped"))
        stopServing(end)
    }

    /// Nothing is left to do: ends the groups, then the core.
    mutating func stopServing(_ end: CoreEnd) {
        guard self.end == nil else { return }
        self.end = end
        drainDeadline = nil
        for slot in slots.indices {
            slots[slot].restartAt = nil
            slots[slot].survey = nil
            slots[slot].regrowth.end()
            if slots[slot].hasGroup { actions.append(.endGroup(slot: slot, byForce: false)) }
        }
        conclude()
    }

    /// The groups are gone for good, and with them the core.
    mutating func conclude() {
        guard let end, !hasConcluded, !slots.contains(where: \.hasGroup) else { return }
        hasConcluded = true
        actions.append(.ended(end))
    }
}
