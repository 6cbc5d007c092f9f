internal import NIOCore
internal import NIOHTTP1

/// HTTP for those who watch: `GET /metrics` for Prometheus, and `GET /health` for load balancers (200 or 503).
///
/// Where tokens are configured, metrics want one, as `Authorization: Bearer TOKEN`; health tells nothing to protect.
/// A connection is for one request: whoever sends thousands of them without reading gets one answer.
final class MonitoringHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private struct Page {
        var status = HTTPResponseStatus.ok
        var type = "text/plain; charset=utf-8"
        var text: String
    }

    private let coordinator: Coordinator
    private var head: HTTPRequestHead?
    private var hasAnswered = false

    init(_ coordinator: Coordinator) { self.coordinator = coordinator }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head, !hasAnswered else { return }
            hasAnswered = true
            answer(page(head), to: head, context)
        }
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
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
