internal import Synchronization
internal import WireProtocol

/// Passes a server's events on to those who wait for them, by request.
final class EventRouter: Sendable {
    private struct State {
        var streams: [String: AsyncStream<ServerEvent>.Continuation] = [:]
        var lastLine = ""
        var failure: String?
        var isOver = false
    }

    private let state = Mutex(State())
    private let greeting: AsyncStream<ServerEvent>
    private let greeter: AsyncStream<ServerEvent>.Continuation

    init() { (greeting, greeter) = AsyncStream.makeStream() }

    /// The line that came last, or its beginning.
    var lastLine: String { state.withLock { $0.lastLine } }

    /// Why the connection is not secure, if that has ended it.
    var failure: String? { state.withLock { $0.failure } }

    func fail(_ reason: String) { state.withLock { $0.failure = $0.failure ?? reason } }

    /// The first event of the connection; `nil` if it ended without one.
    func first() async -> ServerEvent? { await greeting.first { _ in true } }

    /// The events of a request, until its END, OK or ERR, or the end of the connection.
    func open(_ name: String) -> AsyncStream<ServerEvent> {
        let (stream, continuation) = AsyncStream<ServerEvent>.makeStream()
        let isOver = state.withLock { state in
            if !state.isOver { state.streams[name] = continuation }
            return state.isOver
        }
        if isOver { continuation.finish() }
        return stream
    }

    /// Takes a line of the server.
    func take(_ line: String) {
        state.withLock { $0.lastLine = String(line.prefix(80)) }
        guard let event = try? ServerEvent(parsing: line) else { return greeter.finish() }
        switch event {
        case .greeting:
            greeter.yield(event)
        case .note:
            break
        case .err(nil, _):
            // It is about the connection, and so about everybody on it; before a greeting, in its place.
            greeter.yield(event)
            let streams = state.withLock { Array($0.streams.values) }
            for stream in streams { stream.yield(event) }
        case .ok(let name, _):
            pass(event, to: name, isLast: true)
        case .end, .err:
            pass(event, to: event.id?.description ?? "", isLast: true)
        default:
            pass(event, to: event.id?.description ?? "", isLast: false)
        }
    }

    /// The connection has ended.
    func end() {
        greeter.finish()
        let streams = state.withLock { state in
            state.isOver = true
            defer { state.streams = [:] }
            return Array(state.streams.values)
        }
        for stream in streams { stream.finish() }
    }

    private func pass(_ event: ServerEvent, to name: String, isLast: Bool) {
        let stream = state.withLock { state in
            isLast ? state.streams.removeValue(forKey: name) : state.streams[name]
        }
        stream?.yield(event)
        if isLast { stream?.finish() }
    }
}
