internal import NIOCore

/// A connection's end of the pipeline: hands frames to the coordinator, on whose executor it runs.
///
/// While a client leaves answers unread, nothing more is read from it: commands cannot pile up what it does not take.
final class ClientConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ClientFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let coordinator: Coordinator
    private let decoder: ClientFrameDecoder
    private let isLocal: Bool
    private var session: Int?
    private var heldRead = false

    /// - Parameter isLocal: whether the connection came over a Unix socket, which only the operator can reach.
    init(_ coordinator: Coordinator, decoder: ClientFrameDecoder, isLocal: Bool) {
        self.coordinator = coordinator
        self.decoder = decoder
        self.isLocal = isLocal
    }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        let isLocal = isLocal
        session = coordinator.assumeIsolated { $0.open(channel, isLocal: isLocal) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let session else { return }
        let frame = unwrapInboundIn(data)
        let isAuthorised = coordinator.assumeIsolated { $0.receive(frame, session) }
        if isAuthorised { decoder.takesBlobs = true }
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { heldRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, heldRead {
            heldRead = false
            context.read()
        }
        let isWritable = context.channel.isWritable
        if let session { coordinator.assumeIsolated { $0.noteWritability(session, isWritable) } }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed, let session {
            coordinator.assumeIsolated { $0.halfClose(session) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let session { coordinator.assumeIsolated { $0.close(session) } }
        session = nil
        context.fireChannelInactive()
    }

    /// The connection broke: nothing is said, since nobody listens.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
