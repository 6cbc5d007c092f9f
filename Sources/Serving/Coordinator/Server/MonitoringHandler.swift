internal import NIOCore
internal import NIOHTTP1

/// HTTP for those who watch: `GET /metrics` for Prometheus, and `GET /health` for load balancers (200 or 503).
///
/// Where tokens are configured, metrics want one, as `Authorization: Bearer TOKEN`; health tells nothing to protect.
/// A connection is for one request: whoever sends thousands of them without reading gets one answer. It is given when
/// the head is there; nobody waits for a body.
final class MonitoringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Page {
        var status = HTTPResponseStatus.ok
        var type = "text/plain; charset=utf-8"
        var text: String
    }

    /// How long a client has to close its end behind the answer: what is unread then may reset the connection.
    private static let patience = TimeAmount.seconds(1)

    private let coordinator: Coordinator
    private let doorkeeper: Doorkeeper
    private let headGuard: HTTPHeadGuard
    private var hasAnswered = false

    init(_ coordinator: Coordinator, doorkeeper: Doorkeeper, headGuard: HTTPHeadGuard) {
        self.coordinator = coordinator
        self.doorkeeper = doorkeeper
        self.headGuard = headGuard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), !hasAnswered else { return }
        hasAnswered = true
        headGuard.isAnswered = true
        // A token is a guess here too, and waits as long as one in a HELLO.
        let peer = head.headers.contains(name: "authorization") ? PeerAddress(context.channel.remoteAddress) : nil
        guard let peer, needsToken(head) else { return answer(page(head), to: head, context) }
        guard let wait = doorkeeper.wait(peer) else {
            return answer(Page(status: .tooManyRequests, text: "too many wrong tokens\n"), to: head, context)
        }
        let look = { [self] in
            doorkeeper.note(peer, wasRight: isAllowed(head))
            answer(page(head), to: head, context)
        }
        if wait > .zero {
            context.eventLoop.assumeIsolated().scheduleTask(in: wait) { if context.channel.isActive { look() } }
        } else {
            look()
        }
    }

    private func needsToken(_ head: HTTPRequestHead) -> Bool {
        !coordinator.options.tokens.isEmpty && head.uri.prefix { $0 != "?" } == "/metrics"
    }

    private func page(_ head: HTTPRequestHead) -> Page {
        guard head.method == .GET || head.method == .HEAD else {
            return Page(status: .methodNotAllowed, text: "only GET and HEAD\n")
        }
        switch head.uri.prefix(while: { $0 != "?" }) {
        case "/metrics":
            guard isAllowed(head) else {
                return Page(status: .unauthorized, text: "expected Authorization: Bearer TOKEN\n")
            }
            let text = coordinator.assumeIsolated { $0.metricsText() }
            return Page(type: "text/plain; version=0.0.4; charset=utf-8", text: text)
        case "/health":
            let (json, isHealthy) = coordinator.assumeIsolated { ($0.healthJSON(), $0.isHealthy) }
            return Page(status: isHealthy ? .ok : .serviceUnavailable, type: "application/json", text: json + "\n")
        default:
            return Page(status: .notFound, text: "there are /metrics and /health\n")
        }
    }

    private func isAllowed(_ head: HTTPRequestHead) -> Bool {
        let tokens = coordinator.options.tokens
        guard !tokens.isEmpty else { return true }
        let words = head.headers["authorization"].first?.split(separator: " ", maxSplits: 1) ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { return false }
        return tokens.contains { $0.matches(String(words[1])) }
    }

    private func answer(_ page: Page, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let headers = HTTPHeaders([
            ("content-type", page.type), ("content-length", "\(page.text.utf8.count)"), ("connection", "close"),
        ])
        let head = HTTPResponseHead(version: request.version, status: page.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: page.text)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            channel.close(mode: .output, promise: nil)
            channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
