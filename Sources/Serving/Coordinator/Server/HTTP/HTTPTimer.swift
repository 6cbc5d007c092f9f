internal import NIOCore

/// The one thing that a connection waits for, and when it has waited long enough.
final class HTTPTimer {
    enum Wait: Sendable {
        case head, body, idle
    }

    private let limits: ServerLimits
    private let eventLoop: any EventLoop
    private let onEnd: (Wait) -> Void
    private var timer: Scheduled<Void>?
    private(set) var wait: Wait?
    /// When the last byte of a body came: moving a timer for every one would cost more than the byte.
    private var lastByte = NIODeadline.now()

    init(_ limits: ServerLimits, on eventLoop: any EventLoop, onEnd: @escaping (Wait) -> Void) {
        (self.limits, self.eventLoop, self.onEnd) = (limits, eventLoop, onEnd)
    }

    /// Waits for something else from now on; `nil`: for nothing.
    func start(_ wait: Wait?) {
        timer?.cancel()
        self.wait = wait
        guard let wait else { return }
        lastByte = .now()
        schedule(wait, in: patience(wait))
    }

    func noteByte() { lastByte = .now() }

    private func patience(_ wait: Wait) -> TimeAmount {
        switch wait {
        case .head: .seconds(Int64(limits.httpHeadSeconds))
        case .body: .seconds(Int64(limits.httpBodySeconds))
        case .idle: .seconds(Int64(limits.httpIdleSeconds))
        }
    }

    private func schedule(_ wait: Wait, in time: TimeAmount) {
        timer = eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            let left = lastByte + patience(wait) - .now()
            if wait == .body, left > .zero { return schedule(wait, in: left) }
            self.wait = nil
            onEnd(wait)
        }
    }
}

/// Stands before the parser, and tells that bytes have come.
final class HTTPByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let onBytes: () -> Void

    init(onBytes: @escaping () -> Void) { self.onBytes = onBytes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        onBytes()
        context.fireChannelRead(data)
    }
}
