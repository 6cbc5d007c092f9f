internal import Foundation
internal import Logging
internal import NIOCore
internal import OpenAIProtocol
internal import Requests
internal import ServingCore
internal import WireProtocol

/// Calls over HTTP: the same desk, line, limits and groups as those of the line.
extension Coordinator {
    // MARK: - Connections

    func open(_ connection: HTTPConnectionHandler) {
        httpConnections[ObjectIdentifier(connection)] = connection
        connectionCount += 1
    }

    func close(_ connection: HTTPConnectionHandler) { httpConnections[ObjectIdentifier(connection)] = nil }

    /// The time, for an answer's head.
    var httpDate: String { date.text(at: Int(Date().timeIntervalSince1970)) }

    /// Whether a connection should be kept for another request.
    var keepsConnections: Bool { core.state != .draining }

    /// Once a second: clients that do not read, and streams that have said nothing for a while.
    func checkHTTP() {
        for connection in httpConnections.values { connection.check() }
        let now = NIODeadline.now()
        for exchange in exchanges.values where now - exchange.lastSaid >= .seconds(5) {
            say(exchange.writer?.quiet() ?? [], exchange)
        }
    }

    // MARK: - Answers at once

    /// What a GET is answered with.
    func reply(to endpoint: Endpoint) throws(APIError) -> HTTPReply {
        switch endpoint {
        case .models: return SmallReplies.models(api.models, created: api.created, contextTokens: api.contextTokens)
        case .model(let name):
            return try SmallReplies.model(
                name,
                api.models,
                created: api.created,
                contextTokens: api.contextTokens
            )
        case .health: return HTTPReply(status: isHealthy ? 200 : 503, json: Array((healthJSON() + "\n").utf8))
        case .live: return SmallReplies.live()
        case .metrics:
            return HTTPReply(type: "text/plain; version=0.0.4; charset=utf-8", body: Array(metricsText().utf8))
        case .version: return SmallReplies.version(options.version)
        case .info: return HTTPReply(json: Array(infoJSON().utf8))
        case .stats: return HTTPReply(json: Array(statsJSON().utf8))
        default: throw .invalid("there is nothing at this path", code: "not_found", status: 404)
        }
    }

    // MARK: - Calls

    /// A call has come whole; its number, by which its client may leave it.
    func begin(_ call: HTTPCall, _ connection: HTTPConnectionHandler) -> Int {
        nextSession += 1
        let exchange = HTTPExchange(number: nextSession, owner: owners.enter(call.owner), call, connection)
        exchanges[exchange.number] = exchange
        switch call.endpoint {
        case .chat, .responses:
            let ticket = draw(exchange, choice: 0)
            feed(.asked(ticket, owner: exchange.owner))
        default: replyFromDesk(exchange)
        }
        return exchange.number
    }

    private func draw(_ exchange: HTTPExchange, choice: Int) -> Ticket {
        nextTicket += 1
        senders[nextTicket] = .http(exchange: exchange.number, choice: choice)
        exchange.tickets.append(nextTicket)
        return nextTicket
    }

    private func replyFromDesk(_ exchange: HTTPExchange) {
        do throws(RequestError) {
            try requireDesk()
        } catch {
            return fail(exchange, APIError(error, contextTokens: api.contextTokens))
        }
        let (call, api, pictures, number) = (exchange.call, api, core.pictures, exchange.number)
        Task {
            let done = await self.atDesk(number, owner: exchange.owner, cost: call.body.count) {
                desk throws(RequestError) in try await desk.reply(call, api, pictures: pictures)
            }
            guard let done, let exchange = self.exchanges[number] else { return }
            exchange.connection.releaseBody()
            switch self.flat(done) {
            case .success(let reply): self.say([.reply(reply)], exchange)
            case .failure(let error): self.fail(exchange, error)
            }
        }
    }

    private func flat<Value>(_ result: Result<Result<Value, APIError>, RequestError>) -> Result<Value, APIError> {
        switch result {
        case .success(let inner): inner
        case .failure(let error): .failure(APIError(error, contextTokens: api.contextTokens))
        }
    }

    /// The core wants a request made ready: the first answer's is read, and the others share it.
    func prepare(_ ticket: Ticket, _ number: Int, _ choice: Int) {
        guard let exchange = exchanges[number] else { return }
        if choice > 0 {
            guard var preparation = exchange.preparation else { return }
            preparation.seed &+= UInt64(choice)
            preparation.sharesPromptOf = exchange.tickets[0]
            return feed(.prepared(ticket, preparation))
        }
        do throws(RequestError) {
            try requireDesk()
        } catch {
            return feed(.unprepared(ticket, error))
        }
        let (call, api, pictures) = (exchange.call, api, core.pictures)
        Task {
            let done = await self.atDesk(number, owner: exchange.owner, cost: call.body.count) {
                desk throws(RequestError) in try await desk.answers(call, api, pictures: pictures)
            }
            guard let done, let exchange = self.exchanges[number] else { return }
            exchange.connection.releaseBody()
            switch self.flat(done) {
            case .success(let prepared): self.ask(prepared, exchange, ticket)
            case .failure(let problem):
                exchange.problem = problem
                self.feed(.unprepared(ticket, RequestError(problem.lineCode, problem.message)))
            }
        }
    }

    /// Hands a call's requests to the core; what is true of the first, such as that there is no room, ends all.
    private func ask(_ prepared: PreparedCall, _ exchange: HTTPExchange, _ first: Ticket) {
        let held = heldPictureBytes + prepared.preparation.request.pictureBytes
        guard held <= options.limits.heldPictureBytes else {
            let what = "pictures of \(held) bytes wait for their answers"
            return feed(.unprepared(first, RequestError(.busy, what, retryAfterMilliseconds: 1000)))
        }
        exchange.writer = prepared.writer
        exchange.preparation = prepared.preparation
        feed(.prepared(first, prepared.preparation))
        for choice in 1..<max(1, prepared.count) where exchanges[exchange.number] != nil {
            feed(.asked(draw(exchange, choice: choice), owner: exchange.owner))
        }
    }

    // MARK: - Events

    /// An event of one of a call's requests.
    func deliver(_ event: RequestEvent, _ number: Int, _ choice: Int) {
        guard let exchange = exchanges[number] else { return }
        guard exchange.writer != nil else {
            if case .failed(let error, _) = event {
                fail(exchange, exchange.problem ?? APIError(error, contextTokens: api.contextTokens))
            }
            return
        }
        say(exchange.writer?.take(event, choice: choice) ?? [], exchange)
    }

    private func fail(_ exchange: HTTPExchange, _ error: APIError) { say([.reply(error.reply)], exchange) }

    /// Hands output to the connection; a call whose answer is complete is over.
    private func say(_ output: [AnswerOutput], _ exchange: HTTPExchange) {
        guard !output.isEmpty else { return }
        exchange.lastSaid = .now()
        // Before the connection hears of it, which may bring the next call at once.
        if output.contains(where: \.isLast) { end(exchange) }
        exchange.connection.take(output)
        // What one step of the ranks gives a connection, several tokens perhaps, goes to the socket at once.
        guard isFeeding else { return exchange.connection.flush() }
        if unflushed.last !== exchange.connection { unflushed.append(exchange.connection) }
    }

    /// Sends what was written while the core was told.
    func flushHTTP() {
        guard !unflushed.isEmpty else { return }
        for connection in unflushed { connection.flush() }
        unflushed.removeAll(keepingCapacity: true)
    }

    /// The client of a call has gone.
    func leave(exchange number: Int) { exchanges[number].map(end) }

    /// A call is over: whatever still works on it stops.
    private func end(_ exchange: HTTPExchange) {
        guard exchanges.removeValue(forKey: exchange.number) != nil else { return }
        leaveDesk(exchange.number, owner: exchange.owner)
        owners.leave(exchange.call.owner)
        for ticket in exchange.tickets where senders.removeValue(forKey: ticket) != nil { feed(.abandoned(ticket)) }
    }
}
