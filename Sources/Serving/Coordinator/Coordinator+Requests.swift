internal import NIOCore
internal import Requests
internal import ServingCore
internal import WireProtocol

/// Requests on their way into the core, and their events on the way out.
extension Coordinator {
    /// A GENERATE has come.
    func generate(_ command: ClientLine, _ session: ClientSession) throws(RequestError) {
        guard let id = command.id else { throw RequestError(.badLine, "GENERATE needs an id") }
        guard session.inFlight[id] == nil else {
            throw RequestError(.duplicateId, "a request \(id) is in flight on this connection")
        }
        nextTicket += 1
        session.inFlight[id] = nextTicket
        senders[nextTicket] = .line(session: session.number, id)
        bodies[nextTicket] = command.json ?? ""
        feed(.asked(nextTicket, owner: session.number))
    }

    /// Makes a request ready on a thread beside the loop, when it is its connection's turn.
    func prepare(_ ticket: Ticket) {
        if case .http(let exchange, let choice)? = senders[ticket] { return prepare(ticket, exchange, choice) }
        guard let json = bodies.removeValue(forKey: ticket), case .line(let number, let id)? = senders[ticket],
            let session = sessions[number]
        else { return }
        do throws(RequestError) {
            try requireDesk()
            try requireBlobs(of: id, session)
        } catch {
            return feed(.unprepared(ticket, error))
        }
        let blobs = session.blobs.blobs(of: id)
        let pictures = core.pictures
        Task {
            let result = await self.atDesk(number, cost: Self.cost(json, blobs)) { desk throws(RequestError) in
                try await desk.prepare(json, blobs: blobs, pictures: pictures)
            }
            switch result {
            case .success(let preparation): self.feed(.prepared(ticket, preparation))
            case .failure(let error): self.feed(.unprepared(ticket, error))
            // The connection is gone, and the core knows.
            case nil: break
            }
        }
    }

    /// What reading a body costs: so many bytes of a picture, which are only digested, take as long as one of a body.
    static func cost(_ json: String, _ blobs: [Int: [UInt8]]) -> Int {
        json.utf8.count + blobs.values.reduce(0) { $0 + $1.count } / 64
    }

    /// Sends an event to whom it belongs; a name is free again behind the last one.
    func deliver(_ event: RequestEvent, to ticket: Ticket) {
        guard let sender = senders[ticket] else { return }
        if event.isLast {
            senders[ticket] = nil
            bodies[ticket] = nil
        }
        switch sender {
        case .line(let number, let id): if let session = sessions[number] { deliver(event, to: session, id) }
        case .http(let exchange, let choice): deliver(event, exchange, choice)
        }
    }

    private func deliver(_ event: RequestEvent, to session: ClientSession, _ id: RequestId) {
        switch event {
        case .accepted(let ack):
            session.blobs.drop(id)
            send(.ack(id, ack), to: session)
        case .progress(let progress): send(.progress(id, progress), to: session)
        case .thinking(let piece): send(.think(id, piece), to: session)
        case .answer(let piece): send(.text(id, piece), to: session)
        case .ended(let ending): send(.end(id, ending.end), to: session)
        case .failed(let error, _):
            // Where asking again may help, the pictures stay.
            if error.retriable { session.blobs.spareBlobs(of: id) } else { session.blobs.drop(id) }
            send(.err(id, error), to: session)
        }
        if event.isLast { free(id, of: session) }
    }
}
