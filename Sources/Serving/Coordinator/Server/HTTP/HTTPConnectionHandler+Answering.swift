internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import OpenAIProtocol
internal import Requests
internal import WireProtocol

/// What is decided by a request's head, and how answers are written.
extension HTTPConnectionHandler {
    /// Bytes of a body that nobody wants, for which a connection is still kept.
    private static let smallBody = 64 << 10

    func begin(_ head: RequestHead, keepsAlive: Bool) {
        let name = head.value("x-request-id").flatMap { RequestId($0)?.description } ?? HTTPAnswers.name("req-")
        // Where a request wants another protocol, nothing behind it is this one's.
        let isPlain = head.value("upgrade") == nil && head.method != "CONNECT"
        current = HTTPRequestState(head: head, id: name, keepsAlive: keepsAlive && isPlain)
        timer?.start(head.hasBody ? .body : nil)
        do throws(APIError) {
            switch try rules.judge(head) {
            case .reply(let reply): answer(reply)
            case .endpoint(let endpoint):
                current?.endpoint = endpoint
                guard endpoint.needsToken else { return go(endpoint, head) }
                judge(endpoint, head)
            }
        } catch {
            refuse(error)
        }
    }

    private func judge(_ endpoint: Endpoint, _ head: RequestHead) {
        guard let gate, let context else { return }
        isJudging = true
        gate.judge(head, on: context.eventLoop) { [self] verdict in
            isJudging = false
            guard !isClosing else { return }
            switch verdict {
            case .open(let owner):
                current?.owner = owner
                go(endpoint, head)
            case .refused(let error): refuse(error)
            }
            takeParts()
        }
    }

    /// Answers by the head alone, or asks for the body.
    private func go(_ endpoint: Endpoint, _ head: RequestHead) {
        do throws(APIError) {
            if case .page(let path) = endpoint {
                return answer(try PageReply.reply(path, known: head.value("if-none-match")))
            }
            guard endpoint.isPost else {
                return answer(try coordinator.assumeIsolatedReply(to: endpoint))
            }
            try rules.checkBody(head)
        } catch {
            return refuse(error)
        }
        current?.body = HTTPBody()
        guard head.waitsForLeave, let context else { return }
        let leave = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(leave)), promise: nil)
    }

    func refuse(_ error: APIError) {
        // Where a request was not understood, what stands behind it may be part of it.
        if error.code == "bad_request" { current?.keepsAlive = false }
        answer(error.reply)
    }

    // MARK: - Answers

    /// Writes what the coordinator has for the present request, which ``flush()`` sends.
    func take(_ output: [AnswerOutput]) {
        for piece in output {
            guard !isClosing, current?.hasAnswered == false else { return }
            switch piece {
            case .reply(let reply): answer(reply)
            case .begin(let fields): writeHead(200, fields, length: nil)
            case .event(let bytes): writeEvent(bytes)
            case .finish: finish()
            }
        }
        if current == nil || current?.hasAnswered == true { takeParts() }
    }

    func flush() { context?.flush() }

    private func answer(_ reply: HTTPReply) {
        guard let context, let head = current?.head else { return }
        let length = [204, 304].contains(reply.status) ? nil : reply.body.count
        writeHead(reply.status, reply.fields, length: length)
        if head.method != "HEAD", !reply.body.isEmpty {
            reader.written += reply.body.count
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body)))), promise: nil)
        }
        finish()
    }

    private func writeHead(_ status: Int, _ fields: [HTTPField], length: Int?) {
        guard let context, let request = current else { return }
        if !mayKeep(request, isStream: length == nil && status == 200) { current?.keepsAlive = false }
        var headers = HTTPHeaders(fields.map { ($0.name, $0.value) })
        headers.add(name: "date", value: coordinator.assumeIsolated { $0.httpDate })
        headers.add(name: "x-request-id", value: request.id)
        for field in rules.sharingFields(request.head) { headers.add(name: field.name, value: field.value) }
        if let length { headers.add(name: "content-length", value: "\(length)") }
        if current?.keepsAlive == false {
            headers.add(name: "connection", value: "close")
        } else if request.head.isOld {
            headers.add(name: "connection", value: "keep-alive")
        }
        current?.status = status
        let version = request.head.isOld ? HTTPVersion.http1_0 : .http1_1
        let head = HTTPResponseHead(version: version, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Whether the connection is good for another request.
    private func mayKeep(_ request: HTTPRequestState, isStream: Bool) -> Bool {
        guard request.keepsAlive, coordinator.assumeIsolated({ $0.keepsConnections }) else { return false }
        if isStream, request.head.isOld { return false }
        guard !request.hasEnded, request.head.hasBody else { return true }
        // What is left of a body is read and forgotten, if it is little and certain to come.
        guard let length = request.head.contentLength, !request.head.waitsForLeave else { return false }
        return length <= Self.smallBody
    }

    private func writeEvent(_ bytes: [UInt8]) {
        guard let context else { return }
        let pending =
            context.channel.isWritable ? 0 : try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        // What waited before counts, so that one long answer is nobody's fault.
        if let pending, pending > limits.outboxBytes { return cutOff() }
        reader.written += bytes.count
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }

    private func finish() {
        guard let context, let request = current else { return }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        current?.hasAnswered = true
        current?.exchange = nil
        log(request, status: request.status)
        if !request.keepsAlive {
            close()
        } else if request.hasEnded {
            next()
        }
    }

    /// Ends the connection so that what was said last is still read: half first, all of it a little later.
    func close() {
        guard !isClosing, let context else { return }
        isClosing = true
        timer?.start(nil)
        releaseBody()
        let channel = context.channel
        channel.close(mode: .output, promise: nil)
        context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
    }

    /// A request is over: counts it, and says what became of it.
    func log(_ request: HTTPRequestState, status: Int) {
        coordinator.assumeIsolated { $0.httpStatuses[status, default: 0] += 1 }
        let milliseconds = (NIODeadline.now() - request.started).nanoseconds / 1_000_000
        coordinator.logger.log(
            // What strangers can cause must not fill the log.
            level: request.isCall ? .info : .debug,
            "http",
            metadata: [
                "id": "\(request.id)", "method": "\(request.head.method)", "path": "\(request.head.path.prefix(120))",
                "status": "\(status)", "ms": "\(milliseconds)",
            ]
        )
    }

    /// The server ends.
    func conclude() { context?.channel.close(mode: .output, promise: nil) }
}

extension Coordinator {
    /// What a GET is answered with, on the loop.
    nonisolated func assumeIsolatedReply(to endpoint: Endpoint) throws(APIError) -> HTTPReply {
        let result = assumeIsolated { coordinator in
            Result { () throws(APIError) in try coordinator.reply(to: endpoint) }
        }
        return try result.get()
    }
}

extension RequestHead {
    init(_ head: HTTPRequestHead) {
        self.init(
            method: head.method.rawValue,
            target: head.uri,
            isOld: head.version.minor == 0,
            fields: head.headers.map { HTTPField($0.name, $0.value) }
        )
    }
}
