internal import NIOCore
internal import NIOHTTP1

/// One request on its way, and what has come of it so far.
///
/// Touched on its connection's event loop only.
final class ChatExchange: @unchecked Sendable {
    // Safe because the loop of the connection that has it is the only one that touches it.
    struct Outcome: Sendable {
        var record = RequestRecord()
        var status = 0
        /// Of an answer that is no stream.
        var body: [UInt8] = []
        /// Nothing at all came before the connection ended.
        var isUntouched: Bool { status == 0 }
    }

    let head: HTTPRequestHead
    let body: ByteBuffer
    let promise: EventLoopPromise<Outcome>
    private let began: ContinuousClock.Instant
    private var outcome = Outcome()
    private var events = ServerSentEvents()
    private var isStream = false
    private var generated: Int?

    init(_ head: HTTPRequestHead, _ body: ByteBuffer, _ promise: EventLoopPromise<Outcome>) {
        (self.head, self.body, self.promise) = (head, body, promise)
        began = .now
    }

    private var seconds: Double { (ContinuousClock.now - began) / .seconds(1) }

    func take(_ head: HTTPResponseHead) {
        outcome.status = Int(head.status.code)
        isStream = head.status == .ok && head.headers["content-type"].contains { $0.hasPrefix("text/event-stream") }
    }

    func take(_ buffer: ByteBuffer) {
        guard isStream else {
            outcome.body += buffer.readableBytesView
            return
        }
        let now = seconds
        for data in events.take(buffer.readableBytesView) {
            guard let chunk = ChatChunk(json: data) else { continue }
            if chunk.hasText { outcome.record.tokens.append(now) }
            outcome.record.finish = chunk.finish ?? outcome.record.finish
            outcome.record.error = chunk.error ?? outcome.record.error
            generated = chunk.generated ?? generated
        }
    }

    /// The answer is whole.
    func end() {
        outcome.record.end = seconds
        if isStream {
            // The end token is counted by servers, and nobody sees it.
            let seen = generated.map { $0 - (outcome.record.finish == "stop" ? 1 : 0) }
            outcome.record.generated = seen.map { max($0, outcome.record.tokens.count) }
            if outcome.record.finish == nil, outcome.record.error == nil { outcome.record.error = "no end" }
        } else {
            let chunk = ChatChunk(json: outcome.body)
            outcome.record.error = chunk?.error ?? "HTTP \(outcome.status)"
        }
        promise.succeed(outcome)
    }

    /// The connection has ended before the answer did.
    func lose() {
        outcome.record.end = seconds
        outcome.record.error = "connection lost"
        promise.succeed(outcome)
    }
}

/// The end of a connection's pipeline: requests one after the other.
final class ChatExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = ChatExchange
    typealias OutboundOut = HTTPClientRequestPart

    private var current: ChatExchange?
    private var isOver = false
    private var keepsAlive = true

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        guard !isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return exchange.lose()
        }
        current = exchange
        context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
        if exchange.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(exchange.body))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            keepsAlive = head.isKeepAlive
            current?.take(head)
        case .body(let buffer): current?.take(buffer)
        case .end:
            let exchange = current
            current = nil
            // Before the answer is told: a connection that is about to end must not be taken for a free one.
            if !keepsAlive {
                isOver = true
                context.close(promise: nil)
            }
            exchange?.end()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isOver = true
        current?.lose()
        current = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
