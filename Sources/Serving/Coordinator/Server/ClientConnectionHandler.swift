internal import NIOCore
internal import Requests
internal import WireProtocol

/// A connection's end of the pipeline: hands frames to the coordinator, on whose executor it runs.
///
/// While a client leaves answers unread, or has much waiting to be parsed, nothing more is taken from it: commands cannot
/// pile up what it does not take, nor what nobody has looked at. Nor does a flood of commands keep the loop from others:
/// after some milliseconds the rest of it waits.
final class ClientConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ClientFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a connection's frames may be worked on at a stretch, and how long others have the loop then.
    private static let stretch = TimeAmount.milliseconds(2)
    private static let pause = TimeAmount.milliseconds(1)

    private let coordinator: Coordinator
    private let decoder: ClientFrameDecoder
    private let doorkeeper: Doorkeeper
    private let isLocal: Bool
    /// Who must still show a token.
    private var stranger: PeerAddress?
    private var session: Int?
    /// Frames that were read and wait to be taken.
    private var waiting = CircularBuffer<ClientFrame>()
    /// When the present stretch is over; `nil` before its first frame.
    private var stretchEnd: NIODeadline?
    private var isPausing = false
    /// A token that is not looked at before a while.
    private var held: ClientFrame?
    private var isTaking = false
    private var heldRead = false
    private var heldClose = false

    /// - Parameter isLocal: whether the connection came over a Unix socket, which only the operator can reach.
    init(_ coordinator: Coordinator, decoder: ClientFrameDecoder, doorkeeper: Doorkeeper, isLocal: Bool) {
        self.coordinator = coordinator
        self.decoder = decoder
        self.doorkeeper = doorkeeper
        self.isLocal = isLocal
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let isLocal = isLocal
        if !decoder.isTrusted { stranger = PeerAddress(channel.remoteAddress) }
        session = coordinator.assumeIsolated { $0.open(channel, isLocal: isLocal) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        waiting.append(unwrapInboundIn(data))
        takeFrames(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isPausing { stretchEnd = nil }
        context.fireChannelReadComplete()
    }

    /// Whether anything may be taken from the client at the moment.
    private func isOpen(_ context: ChannelHandlerContext) -> Bool {
        guard !isPausing, held == nil, context.channel.isWritable, let session else { return false }
        return !coordinator.assumeIsolated { $0.isCrowded(session) }
    }

    private func takeFrames(_ context: ChannelHandlerContext) {
        guard !isTaking else { return }
        isTaking = true
        while let session, isOpen(context), let frame = waiting.popFirst() {
            if let stranger, frame.showsToken, hold(frame, of: stranger, context) { continue }
            take(frame, session)
            let now = NIODeadline.now()
            let end = stretchEnd ?? now + Self.stretch
            stretchEnd = end
            if now >= end { pause(context) }
        }
        isTaking = false
        guard waiting.isEmpty else { return }
        if heldClose, let session {
            heldClose = false
            coordinator.assumeIsolated { $0.halfClose(session) }
        }
        if heldRead { read(context: context) }
    }

    private func take(_ frame: ClientFrame, _ session: Int) {
        if case .broken = frame, let foreign = decoder.foreign {
            doorkeeper.strangers.note(.foreignProtocol, "a client speaks \(foreign.rawValue), and not FLOTILLA/1")
        }
        let isAuthorised = coordinator.assumeIsolated { $0.receive(frame, session) }
        if let stranger, frame.showsToken { doorkeeper.note(stranger, wasRight: isAuthorised) }
        if isAuthorised {
            decoder.isTrusted = true
            leaveStrangers()
        }
    }

    /// Lets a token wait, if its address has shown wrong ones; `false` if it may be looked at now.
    private func hold(_ frame: ClientFrame, of stranger: PeerAddress, _ context: ChannelHandlerContext) -> Bool {
        guard let wait = doorkeeper.wait(stranger) else {
            let what = "too many wrong tokens have come from \(stranger)"
            waiting.prepend(.broken(LineFailure(id: nil, error: .busy(what, retryAfterMilliseconds: 10_000))))
            return true
        }
        guard wait > .zero else { return false }
        held = frame
        decoder.isHeld = true
        context.eventLoop.assumeIsolated().scheduleTask(in: wait) { [self] in
            guard let session, let frame = held else { return }
            held = nil
            decoder.isHeld = false
            take(frame, session)
            // What came behind the token is still with the decoder, which only new bytes wake.
            context.pipeline.syncOperations.fireChannelRead(NIOAny(ByteBuffer()))
            takeFrames(context)
        }
        return true
    }

    private func leaveStrangers() {
        if let stranger { doorkeeper.leave(stranger) }
        stranger = nil
    }

    private func pause(_ context: ChannelHandlerContext) {
        isPausing = true
        // A task that is due at once would come before what other connections have sent.
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            isPausing = false
            stretchEnd = nil
            if session != nil { takeFrames(context) }
        }
    }

    func read(context: ChannelHandlerContext) {
        if !waiting.isEmpty { takeFrames(context) }
        heldRead = !waiting.isEmpty || !isOpen(context)
        if !heldRead { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        if let session { coordinator.assumeIsolated { $0.noteWritability(session, isWritable) } }
        if isWritable { takeFrames(context) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            heldClose = true
            takeFrames(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let session { coordinator.assumeIsolated { $0.close(session) } }
        session = nil
        held = nil
        leaveStrangers()
        waiting.removeAll()
        context.fireChannelInactive()
    }

    /// The connection broke: nothing is said, since nobody listens.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
