internal import GroupLauncher
internal import GroupLink
internal import Logging
internal import NIOCore
internal import WireProtocol
internal import Requests

extension Coordinator {
    /// DRAIN: nothing new is taken, what runs is finished, and then the server ends.
    func drain(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        try requireAdmin(session, command)
        let body = try DrainBody(json: command.json ?? "{}")
        reply(command, session, "{\"state\":\"draining\",\"in_flight\":\(requests.count + preparing)}")
        drain(deadline: body.deadlineMilliseconds.map { .milliseconds(Int64($0)) })
    }

    /// SHUTDOWN: the server ends at once, and tells everybody who waits.
    func shutDown(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        try requireAdmin(session, command)
        reply(command, session, "{}")
        stopAtOnce(.done)
    }

    private func requireAdmin(_ session: ClientSession, _ command: ClientLine) throws(RequestError) {
        guard !session.isAdmin else { return }
        let what = "\(command.verb.rawValue) is for clients on the Unix socket, or with an admin token"
        throw RequestError(.auth, what)
    }

    /// Begins to drain.
    ///
    /// - Parameter deadline: when requests still under way are ended with what there is of them.
    func drain(deadline: TimeAmount? = nil) {
        if !isDraining {
            isDraining = true
            logger.notice("draining", metadata: ["in_flight": "\(requests.count)"])
            announce(Note(state: .draining))
        }
        if let deadline, drainDeadline == nil {
            drainDeadline = eventLoop.scheduleTask(in: deadline) { [weak self] in
                self?.assumeIsolated { $0.passDrainDeadline() }
            }
        }
        endIfDrained()
    }

    private func passDrainDeadline() {
        for request in requests.values.sorted(by: { $0.order < $1.order }) {
            if request.hasStarted {
                stop(request)
                finish(request, finish: .deadline)
            } else {
                fail(request, RequestError(.draining, "the server is draining, and its time is over"))
            }
        }
    }

    func endIfDrained() {
        if isDraining, requests.isEmpty, preparing == 0, end == nil { stopServing(.done) }
    }

    /// SIGTERM and the like: the first drains, the second stops at once.
    func takeSignal(_ signal: Int32, drainsOnly: Bool) {
        if isDraining, !drainsOnly {
            stopAtOnce(.signalled(signal))
        } else {
            drain()
        }
    }

    /// Ends every request with an error, and the server with `end`.
    func stopAtOnce(_ end: CoordinatorEnd) {
        guard self.end == nil else { return }
        isDraining = true
        logger.notice("stopping at once", metadata: ["in_flight": "\(requests.count)"])
        self.end = end
        failEverything(RequestError(.draining, "the server was stopped"))
        endGroup()
    }

    /// Nothing is left to do: ends the group, then the process.
    func stopServing(_ end: CoordinatorEnd) {
        guard self.end == nil else { return }
        self.end = end
        endGroup()
    }

    private func endGroup() {
        restart?.cancel()
        drainDeadline?.cancel()
        if let group { group.group.finish() } else { conclude() }
    }

    /// The group is gone for good: closes every connection, and says so.
    func conclude() {
        guard let end, groupState != .ended else { return }
        groupState = .ended
        ticker?.cancel()
        for session in sessions.values { session.channel.close(mode: .output, promise: nil) }
        // What was written last is on its way; a client that does not read must not keep the process.
        eventLoop.scheduleTask(in: .milliseconds(sessions.isEmpty ? 0 : 200)) { [onEnd] in onEnd(end) }
    }
}
