internal import NIOCore

/// Bounds what a connection of the HTTP port may cost before it has asked for anything: bytes of a head, and time.
///
/// Stands before the parser. A connection is for one request, so everything that comes is that request's head, until
/// `isAnswered`; what comes then is passed over.
final class HTTPHeadGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Bytes of a head: Prometheus and load balancers send some hundred.
    static let limit = 16 << 10

    private let patience: TimeAmount
    private var taken = 0
    private var deadline: Scheduled<Void>?
    var isAnswered = false

    /// - Parameter patience: for the head to come, and then again for the answer to be taken.
    init(patience: TimeAmount) { self.patience = patience }

    func channelActive(context: ChannelHandlerContext) {
        closeLater(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isAnswered { return }
        taken += unwrapInboundIn(data).readableBytes
        if taken > Self.limit { return context.close(promise: nil) }
        context.fireChannelRead(data)
        if isAnswered { closeLater(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    private func closeLater(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
}
