internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// The first handler of a connection to a port that speaks TLS: tells whoever does not, and waits no longer than so long.
final class TLSGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The first byte of a TLS record that begins a connection.
    private static let handshake: UInt8 = 22
    /// How long a client has to close its end behind what it was told.
    private static let patience = TimeAmount.seconds(1)

    private let strangers: StrangerLog
    private let limit: TimeAmount
    private let refusal: String
    private var deadline: Scheduled<Void>?
    private var speaksTLS = false
    private var isRefused = false

    /// - Parameters:
    ///   - limit: for the handshake.
    ///   - refusal: what somebody is told who speaks without TLS.
    init(_ strangers: StrangerLog, limit: TimeAmount, refusal: String) {
        (self.strangers, self.limit, self.refusal) = (strangers, limit, refusal)
    }

    func channelActive(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { [self] in
            // Somebody who waits for a greeting learns here why there is none.
            if speaksTLS { context.close(promise: nil) } else if !isRefused { refuse(context) }
        }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefused { return }
        guard !speaksTLS else { return context.fireChannelRead(data) }
        let buffer = unwrapInboundIn(data)
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return }
        guard first == Self.handshake else {
            let spoken = ForeignProtocol(line: buffer.readableBytesView.prefix(64), isWhole: false)
            let what = spoken.map { "a client speaks \($0.rawValue) without TLS" } ?? "a client does not speak TLS"
            strangers.note(.foreignProtocol, "\(what) to a port that wants it")
            return refuse(context)
        }
        speaksTLS = true
        context.fireChannelRead(data)
    }

    /// The handshake is over.
    func handshakeEnded() { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    private func refuse(_ context: ChannelHandlerContext) {
        isRefused = true
        deadline?.cancel()
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: refusal)), promise: nil)
        // From here outwards: the handler of TLS would wait for its handshake.
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { context.close(promise: nil) }
    }
}

/// The handler behind that of TLS: notes when the handshake is over, and why one failed.
final class TLSHandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let gate: TLSGate
    private let strangers: StrangerLog
    private var hasBegun = false

    init(_ gate: TLSGate, _ strangers: StrangerLog) { (self.gate, self.strangers) = (gate, strangers) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            hasBegun = true
            gate.handshakeEnded()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !hasBegun, case .handshakeFailed(let cause)? = error as? NIOSSLError, !Self.isMereEnd(cause) {
            strangers.note(.handshake, "a TLS handshake failed", ["cause": Self.words(cause)])
        }
        context.fireErrorCaught(error)
    }

    /// BoringSSL's own names for what went wrong, such as `NO_SHARED_CIPHER`, without the places in its source.
    private static func words(_ cause: BoringSSLError) -> String {
        let names = "\(cause)".matches(of: /OPENSSL_internal:([A-Z0-9_]+)/).map { String($0.output.1) }
        return names.isEmpty ? "unknown" : names.joined(separator: ", ")
    }

    /// Whoever only looks whether the port is open goes without a word.
    private static func isMereEnd(_ cause: BoringSSLError) -> Bool {
        if case .sslError(let stack) = cause { return stack.contains(.eofDuringHandshake) }
        return false
    }
}
