internal import NIOCore
internal import Requests
internal import ServingCore
internal import WireProtocol

/// How a server is told to end.
extension Coordinator {
    /// DRAIN: nothing new is taken, what runs is finished, and then the server ends.
    func drain(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        try requireAdmin(session, command)
        let body = try DrainBody(json: command.json ?? "{}")
        reply(command, session, "{\"state\":\"draining\",\"in_flight\":\(core.inFlight)}")
        feed(.drain(within: body.deadlineMilliseconds.map { .milliseconds($0) }))
    }

    /// SHUTDOWN: the server ends at once, and tells everybody who waits.
    func shutDown(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        try requireAdmin(session, command)
        reply(command, session, "{}")
        feed(.stop(.done))
    }

    private func requireAdmin(_ session: ClientSession, _ command: ClientLine) throws(RequestError) {
        guard !session.isAdmin else { return }
        let what = "\(command.verb.rawValue) is for clients on the Unix socket, or with an admin token"
        throw RequestError(.auth, what)
    }

    /// SIGTERM and the like: the first drains, the second stops at once.
    func takeSignal(_ signal: Int32, drainsOnly: Bool) {
        if core.state == .draining, !drainsOnly {
            feed(.stop(.signalled(signal)))
        } else {
            feed(.drain(within: nil))
        }
    }

    /// Tells everybody who is connected.
    func announce(_ note: Note) {
        for session in sessions.values where session.isAuthorised { session.send(.note(note)) }
    }
}
