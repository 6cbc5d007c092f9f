internal import GroupLink
internal import NIOCore
internal import Requests
internal import ServingCore
internal import WireProtocol

extension Coordinator {
    /// Carries out one line of a client.
    func take(_ line: String, _ session: ClientSession) {
        // As Redis does: an empty line is somebody pressing Return.
        if line.isEmpty { return }
        let command: ClientLine
        do throws(LineFailure) {
            command = try ClientLine(parsing: line)
        } catch {
            if session.isAuthorised { return fail(session, error.id, error.error) }
            return refuseStranger(session)
        }
        guard session.isAuthorised || command.verb == .hello else { return refuseStranger(session) }
        do throws(RequestError) {
            try carryOut(command, session)
        } catch {
            fail(session, command.id, error)
        }
    }

    private func refuseStranger(_ session: ClientSession) {
        fail(session, nil, RequestError(.auth, "the first line must be HELLO with a token", fatal: true))
    }

    private func carryOut(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        switch command.verb {
        case .hello: try greet(command, session)
        case .ping: session.send(.pong(command.id))
        case .cancel: cancel(try named(command), session)
        case .generate: try generate(command, session)
        case .count: try count(command, session)
        case .tokenize: try tokenize(command, session)
        case .detokenize: try detokenize(command, session)
        case .info: reply(command, session, infoJSON())
        case .stats: reply(command, session, statsJSON())
        case .health: reply(command, session, healthJSON())
        case .metrics: reply(command, session, metricsJSON())
        case .drain: try drain(command, session)
        case .shutdown: try shutDown(command, session)
        case .blob: throw RequestError(.badLine, "BLOB needs an id, an index and a number of bytes")
        }
    }

    private func named(_ command: ClientLine) throws(RequestError) -> RequestId {
        guard let id = command.id else { throw RequestError(.badLine, "\(command.verb.rawValue) needs an id") }
        return id
    }

    func reply(_ command: ClientLine, _ session: ClientSession, _ json: String) {
        session.send(.ok(command.id?.description ?? "-", json: json))
    }

    private func greet(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        let token: String
        do throws(RequestError) {
            token = try HelloBody(json: command.json ?? "{}").token
        } catch {
            if session.isAuthorised { throw error }
            throw RequestError(.auth, error.message, fatal: true)
        }
        if let match = options.tokens.first(where: { $0.matches(token) }) {
            session.isAuthorised = true
            session.isAdmin = session.isAdmin || match.isAdmin
        } else if !options.tokens.isEmpty {
            throw RequestError(.auth, "the token is not known", fatal: true)
        }
        session.send(.ok("HELLO", json: "{}"))
    }

    private func cancel(_ id: RequestId, _ session: ClientSession) {
        guard let ticket = session.inFlight[id] else {
            session.blobs.drop(id)
            if session.hasEnded(id) { return }
            return fail(session, id, RequestError(.unknownId, "no request \(id) is in flight on this connection"))
        }
        // A short task has nothing to stop.
        if let ticket { feed(.cancelled(ticket)) }
    }

    // MARK: - Small tasks beside the loop

    /// Takes a name for a task that answers with OK or ERR.
    private func begin(_ id: RequestId, _ session: ClientSession) throws(RequestError) {
        try requireDesk()
        guard session.inFlight[id] == nil else {
            throw RequestError(.duplicateId, "a request \(id) is in flight on this connection")
        }
        session.inFlight[id] = .some(nil)
    }

    /// Runs a task at the desk, and answers with what it gives.
    private func run(
        _ id: RequestId,
        _ session: ClientSession,
        cost: Int,
        _ task: @escaping @Sendable (PreparationDesk) async throws(RequestError) -> String
    ) {
        let number = session.number
        Task {
            let result = await self.atDesk(number, cost: cost, task)
            guard let result, let session = self.sessions[number] else { return }
            switch result {
            case .success(let json): session.send(.ok(id.description, json: json))
            case .failure(let error): self.fail(session, id, error)
            }
            self.free(id, of: session)
        }
    }

    private func count(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        let id = try named(command)
        try requireBlobs(of: id, session)
        try begin(id, session)
        let json = command.json ?? ""
        let blobs = session.blobs.blobs(of: id)
        session.blobs.spareBlobs(of: id)
        let pictures = core.pictures
        run(id, session, cost: Self.cost(json, blobs)) { desk throws(RequestError) in
            try await desk.count(json, blobs: blobs, pictures: pictures)
        }
    }

    private func tokenize(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        let id = try named(command)
        try begin(id, session)
        let json = command.json ?? ""
        run(id, session, cost: json.utf8.count) { desk throws(RequestError) in try await desk.tokenize(json) }
    }

    private func detokenize(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        let id = try named(command)
        try begin(id, session)
        let json = command.json ?? ""
        run(id, session, cost: json.utf8.count) { desk throws(RequestError) in try await desk.detokenize(json) }
    }
}
