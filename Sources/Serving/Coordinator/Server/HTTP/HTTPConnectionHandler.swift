internal import NIOCore
internal import NIOHTTP1
internal import OpenAIProtocol
internal import Requests

/// One connection that speaks HTTP: heads are judged, bodies collected, calls handed to the coordinator, on whose
/// executor it runs, and answers written.
///
/// Requests that are sent without waiting are answered in turn. While an answer is made nothing is taken, so that they
/// do not pile up; the end of the connection is heard all the same, and stops whatever works for it.
final class HTTPConnectionHandler: ChannelDuplexHandler, @unchecked Sendable {
    // Safe because it is touched on the one event loop only.
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a connection's requests may be worked on at a stretch, and how long others have the loop then.
    private static let stretch = TimeAmount.milliseconds(2)
    private static let pause = TimeAmount.milliseconds(1)
    /// How long a client has to close its end behind the last answer: what is unread then may reset the connection.
    static let farewell = TimeAmount.seconds(1)
    /// Bytes that may wait to be taken before no more is read.
    private static let waitingLimit = 256 << 10

    let coordinator: Coordinator
    let rules: HTTPRules
    let limits: ServerLimits
    private let meter: InputMeter
    private let doorkeeper: Doorkeeper
    var context: ChannelHandlerContext?
    var timer: HTTPTimer?
    private(set) var gate: HTTPTokenGate?
    private var peer: PeerAddress?

    private var waiting = CircularBuffer<HTTPPart>()
    private var waitingBytes = 0
    var current: HTTPRequestState?
    private var metered = 0
    private var hasHeardBytes = false
    private var isTaking = false
    private var isPausing = false
    var isJudging = false
    private var heldRead = false
    private var isInputClosed = false
    var isClosing = false
    var reader = ReaderWatch()

    init(_ coordinator: Coordinator, _ rules: HTTPRules, meter: InputMeter, doorkeeper: Doorkeeper) {
        self.coordinator = coordinator
        self.rules = rules
        self.meter = meter
        self.doorkeeper = doorkeeper
        limits = coordinator.options.limits
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        peer = PeerAddress(context.channel.remoteAddress)
        gate = HTTPTokenGate(coordinator.options.tokens, doorkeeper, peer)
        timer = HTTPTimer(limits, on: context.eventLoop) { [unowned self] in end(of: $0) }
        timer?.start(.head)
        coordinator.assumeIsolated { $0.open(self) }
        context.fireChannelActive()
    }

    /// Bytes have come, before anybody has looked at them.
    func noteBytes() {
        hasHeardBytes = true
        timer?.noteByte()
        if timer?.wait == .idle { timer?.start(.head) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): waiting.append(.head(RequestHead(head), keepsAlive: head.isKeepAlive))
        case .body(let bytes):
            waitingBytes += bytes.readableBytes
            waiting.append(.body(bytes))
        case .end: waiting.append(.end)
        }
        takeParts()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isClosing, let error = error as? HTTPParserError else { return context.close(promise: nil) }
        if error == .invalidEOFState { return }
        waiting.append(.broken(Self.problem(error)))
        takeParts()
    }

    private static func problem(_ error: HTTPParserError) -> APIError {
        if error == .headerOverflow {
            let what = "the head of a request may have 32768 bytes and 100 fields at most"
            return .invalid(what, code: "headers_too_large", status: 431)
        }
        return .invalid("this is no request of HTTP/1.1", code: "bad_request")
    }

    // MARK: - In turn

    /// Takes what has come, one request after the other.
    func takeParts() {
        guard !isTaking else { return }
        isTaking = true
        let end = NIODeadline.now() + Self.stretch
        while isOpen, let part = waiting.popFirst() {
            if case .body(let bytes) = part { waitingBytes -= bytes.readableBytes }
            take(part)
            if NIODeadline.now() >= end, !waiting.isEmpty { rest() }
        }
        isTaking = false
        if isInputClosed { leave() }
        if heldRead, mayRead, let context {
            heldRead = false
            context.read()
        }
    }

    /// Whether the next part may be looked at: not while an answer is being made, nor before the last was taken.
    private var isOpen: Bool {
        guard !isClosing, !isPausing, !isJudging, let context, context.channel.isWritable else { return false }
        return current.map { !$0.hasEnded || $0.hasAnswered } ?? true
    }

    private var mayRead: Bool {
        isClosing || (waitingBytes <= Self.waitingLimit && waiting.count <= 256 && context?.channel.isWritable ?? false)
    }

    private func rest() {
        isPausing = true
        context?.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [self] in
            isPausing = false
            takeParts()
        }
    }

    private func take(_ part: HTTPPart) {
        switch part {
        case .head(let head, let keepsAlive): begin(head, keepsAlive: keepsAlive)
        case .body(let bytes): takeBody(bytes)
        case .end: endRequest()
        case .broken(let error): giveUp(error)
        }
    }

    /// Answers what has not come whole, and ends the connection.
    private func giveUp(_ error: APIError) {
        if current == nil {
            let head = RequestHead(method: "GET", target: "/", fields: [])
            current = HTTPRequestState(head: head, id: HTTPAnswers.name("req-"), keepsAlive: false)
        }
        current?.keepsAlive = false
        if current?.hasAnswered == true { close() } else { refuse(error) }
    }

    private func takeBody(_ bytes: ByteBuffer) {
        // Nothing here may hold a second reference to the body: appending to it would copy it.
        guard current?.body != nil, current?.hasAnswered == false else {
            current?.passedOver += bytes.readableBytes
            if (current?.passedOver ?? 0) > Self.waitingLimit { close() }
            return
        }
        current?.body?.append(bytes)
        let count = current?.body?.count ?? 0
        if count > rules.maxBody { return refuse(rules.tooLarge) }
        let isWithin = meter.change(from: metered, to: count)
        metered = count
        if isWithin { return }
        refuse(.busy("\(meter.held) bytes of bodies wait to be read, over all connections"))
    }

    /// The bytes of the last body have been read.
    func releaseBody() {
        _ = meter.change(from: metered, to: 0)
        metered = 0
    }

    private func endRequest() {
        timer?.start(nil)
        current?.hasEnded = true
        guard let current, !current.hasAnswered else { return next() }
        guard let body = current.body, let endpoint = current.endpoint else { return }
        let call = HTTPCall(endpoint: endpoint, body: WaitingBody(body), id: current.id, owner: current.owner)
        // Not kept twice: the desk lets go of it.
        self.current?.body = nil
        self.current?.isCall = true
        let number = coordinator.assumeIsolated { $0.begin(call, self) }
        if self.current?.hasAnswered == false { self.current?.exchange = number }
    }

    /// The present request is over, and answered.
    func next() {
        current = nil
        releaseBody()
        if !isClosing { timer?.start(.idle) }
    }

    // MARK: - Ends

    func read(context: ChannelHandlerContext) {
        heldRead = !mayRead
        if !heldRead { context.read() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { takeParts() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            if isClosing { context.close(promise: nil) } else { takeParts() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client sends nothing more: what it waits for is nobody's any more.
    private func leave() {
        guard !isClosing else { return }
        let isAnswering = current.map { $0.hasEnded && !$0.hasAnswered } ?? false
        // What only waits for others to have the loop is still answered.
        guard isAnswering || waiting.isEmpty || !isPausing else { return }
        abandon()
        close()
    }

    /// Whoever asked has gone: work for it stops.
    private func abandon() {
        guard let current, !current.hasAnswered else { return }
        self.current?.hasAnswered = true
        if let exchange = current.exchange { coordinator.assumeIsolated { $0.leave(exchange: exchange) } }
        log(current, status: 499)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        abandon()
        timer?.start(nil)
        timer = nil
        gate?.close()
        releaseBody()
        waiting.removeAll()
        current = nil
        coordinator.assumeIsolated { $0.close(self) }
        self.context = nil
        context.fireChannelInactive()
    }

    private func end(of wait: HTTPTimer.Wait) {
        switch wait {
        case .idle: close()
        case .head where !hasHeardBytes: close()
        case .head, .body:
            giveUp(.invalid("the request did not come in time", code: "request_timeout", status: 408))
        }
    }

    // MARK: - Slow readers

    /// Once a second: whether the client takes what it is sent.
    func check() {
        guard !isClosing, let context else { return }
        let pending = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let stalled = reader.stalled(pending: pending, now: .now())
        if stalled >= .seconds(Int64(limits.stalledSeconds)) { cutOff() }
    }

    /// A client does not read: it is cut off, and what it asked for is dropped.
    func cutOff() {
        guard !isClosing, let context else { return }
        coordinator.assumeIsolated { [peer] in $0.noteSlowConsumer("address", peer.map { "\($0)" } ?? "local") }
        isClosing = true
        abandon()
        context.close(promise: nil)
    }
}
