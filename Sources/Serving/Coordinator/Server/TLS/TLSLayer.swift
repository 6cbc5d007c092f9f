internal import Diagnostics
internal import Foundation
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import OpenAIProtocol
internal import Requests
internal import WireProtocol

/// Puts TLS between TCP ports and what they speak.
final class TLSLayer: Sendable {
    /// How often the files are looked at.
    private static let interval = TimeAmount.seconds(2)
    /// An end that is nearer is told when the server starts.
    private static let soon = 7.0 * 86_400

    private let keeper: TLSKeeper
    private let strangers: StrangerLog
    private let limit: TimeAmount
    private let logger: Logger

    /// - Throws: why the files cannot be used.
    init(_ files: TLSFiles, strangers: StrangerLog, seconds: Int, logger: Logger) throws(UsageError) {
        keeper = try TLSKeeper(files)
        self.strangers = strangers
        self.logger = logger
        limit = .seconds(Int64(seconds))
        let end = keeper.identity.end
        if end.timeIntervalSince(Date()) < Self.soon { logger.warning("the TLS certificate ends on \(Self.text(end))") }
    }

    /// Adds the handlers that stand before all others of a connection.
    func secure(_ channel: any Channel, _ port: ConnectionBudget.Port) throws {
        let identity = keeper.identity
        let gate = TLSGate(strangers, limit: limit, refusal: port == .http ? Self.httpRefusal : Self.lineRefusal)
        try channel.pipeline.syncOperations.addHandlers(
            gate,
            NIOSSLServerHandler(context: port == .http ? identity.http : identity.lines),
            TLSHandshakeWatch(gate, strangers)
        )
    }

    /// Looks at the files from now on, on a thread of `pool`, as a disk may be slow.
    func watch(on eventLoop: any EventLoop, _ pool: NIOThreadPool) {
        eventLoop.scheduleRepeatedAsyncTask(initialDelay: Self.interval, delay: Self.interval) { [self] _ in
            pool.runIfActive(eventLoop: eventLoop) { self.look() }
        }
    }

    private func look() {
        switch keeper.look() {
        case .same: break
        case .renewed(let end): logger.notice("the TLS certificate was read again; it ends on \(Self.text(end))")
        case .unusable(let error):
            logger.error("the changed TLS files are not used, and the old ones stay: \(error.description)")
        }
    }

    private static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    private static let sentence = "this port speaks TLS"

    private static let lineRefusal =
        ServerEvent.err(nil, RequestError(.badLine, sentence, fatal: true)).line + "\n"

    private static let httpRefusal: String = {
        let error = APIError.invalid("\(sentence): https, and not http", code: "tls_required")
        let body = String(decoding: error.json, as: UTF8.self)
        return "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }()
}
