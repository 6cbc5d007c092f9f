internal import Diagnostics
internal import Logging
internal import NIOCore
internal import Synchronization

/// The log of what anybody can cause who reaches a port, held within bounds by kind.
final class StrangerLog: Sendable {
    enum Kind: String, Sendable {
        case badToken = "wrong token"
        case foreignProtocol = "not FLOTILLA/1"
        case handshake = "TLS handshake failed"
        case turnedAway = "connection turned away"
        case cutOff = "client cut off"
        case linkPeer = "link"
        case noDescriptors = "no descriptor for a connection"
    }

    private let logger: Logger
    private let eventLoop: any EventLoop
    private let throttle = Mutex(LogThrottle<Kind>())
    private let started = ContinuousClock.now

    init(_ logger: Logger, on eventLoop: any EventLoop) {
        self.logger = logger
        self.eventLoop = eventLoop
    }

    /// Logs a warning, or counts it.
    func note(_ kind: Kind, _ message: String, _ words: [String: String] = [:]) {
        let now = ContinuousClock.now - started
        switch throttle.withLock({ $0.judge(kind, now: now) }) {
        case .say: logger.warning("\(message)", metadata: words.mapValues { .string($0) })
        case .hold(let end?):
            eventLoop.scheduleTask(in: .nanoseconds(Int64((end - now) / .nanoseconds(1)))) { [self] in summarise(kind) }
        case .hold(nil): break
        }
    }

    private func summarise(_ kind: Kind) {
        let more = throttle.withLock { $0.summary(kind) }
        if more > 0 { logger.warning("\(kind.rawValue): and \(more) more in the last 10 s") }
    }
}
