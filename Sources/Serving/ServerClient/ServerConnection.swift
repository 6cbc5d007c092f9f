internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization
package import WireProtocol

/// A connection to a server of FLOTILLA/1, over which many requests may run at once.
package final class ServerConnection: Sendable {
    private let channel: any Channel
    private let router: EventRouter
    private let address: ServerAddress
    /// What the server said first.
    package let greeting: Greeting

    /// Bytes of a line of the server's: an answer with everything that can be asked for is a fraction of it.
    private static let longestLine = 256 << 20

    private init(_ channel: any Channel, _ router: EventRouter, _ address: ServerAddress, _ greeting: Greeting) {
        self.channel = channel
        self.router = router
        self.address = address
        self.greeting = greeting
    }

    /// Whom a client trusts that speaks TLS.
    package enum Trust: Sendable, Equatable {
        /// Who the system trusts.
        case system
        /// The certificates of a PEM file, and whoever they signed.
        case file(String)

        fileprivate var file: String? { if case .file(let path) = self { path } else { nil } }
    }

    /// Connects, reads the greeting, and shows the token where one is asked for.
    ///
    /// - Parameter trust: `nil` speaks no TLS; over a Unix socket none is spoken in any case.
    /// - Throws: ``ClientError``.
    package static func connect(
        to address: ServerAddress,
        token: String? = nil,
        trust: Trust? = nil
    ) async throws -> ServerConnection {
        let router = EventRouter()
        var secure: (context: NIOSSLContext, host: String)?
        if let trust, case .host(let host, _) = address {
            secure = (try ClientTrust.context(authorities: trust.file), host)
        }
        let layer = secure
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let layer {
                        let handler = try ClientTrust.handler(layer.context, host: layer.host)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(LineDecoder(), maximumBufferSize: Self.longestLine),
                        EventHandler(router)
                    )
                }
            }
        let channel: any Channel
        do {
            switch address {
            case .host(let host, let port): channel = try await bootstrap.connect(host: host, port: port).get()
            case .unix(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
            }
        } catch {
            throw ClientError.unreachable("\(address)", reason: Self.reason(error))
        }
        let first = await router.first()
        guard case .greeting(let greeting)? = first else {
            channel.close(promise: nil)
            if case .err(_, let error)? = first { throw ClientError.refused(error) }
            if let reason = router.failure { throw ClientError.insecure("\(address)", reason: reason) }
            throw ClientError.notAServer("\(address)", found: router.lastLine)
        }
        let connection = ServerConnection(channel, router, address, greeting)
        if greeting.auth { try await connection.sayHello(token) }
        return connection
    }

    private func sayHello(_ token: String?) async throws {
        let answers = router.open("HELLO")
        let body = HelloBody(token: token ?? "")
        send("HELLO \(body.json)")
        for await event in answers {
            if case .ok = event { return }
            if case .err(_, let error) = event { throw ClientError.refused(error) }
        }
        throw ClientError.connectionLost("\(address)")
    }

    /// Sends a request and its pictures; the events end with END or ERR.
    package func generate(_ id: RequestId, _ body: GenerateBody, pictures: [[UInt8]] = []) -> AsyncStream<ServerEvent> {
        let events = router.open(id.description)
        for (index, picture) in pictures.enumerated() {
            var buffer = channel.allocator.buffer(capacity: picture.count + 64)
            buffer.writeString("BLOB \(id) \(index) \(picture.count)\n")
            buffer.writeBytes(picture)
            buffer.writeInteger(UInt8(ascii: "\n"))
            channel.write(buffer, promise: nil)
        }
        send("GENERATE \(id) \(body.json)")
        return events
    }

    /// Asks for something that is answered with OK; returns its JSON.
    ///
    /// - Throws: ``ClientError``.
    package func ask(_ verb: Verb, _ id: RequestId, json: String? = nil) async throws -> String {
        let events = router.open(id.description)
        send("\(verb.rawValue) \(id)" + (json.map { " \($0)" } ?? ""))
        for await event in events {
            if case .ok(_, let json) = event { return json }
            if case .err(_, let error) = event { throw ClientError.refused(error) }
        }
        throw ClientError.connectionLost("\(address)")
    }

    /// Asks the server to stop work on a request, which then ends with END.
    package func cancel(_ id: RequestId) { send("CANCEL \(id)") }

    package func close() { channel.close(promise: nil) }

    private func send(_ line: String) {
        var buffer = channel.allocator.buffer(capacity: line.utf8.count + 1)
        buffer.writeString(line)
        buffer.writeInteger(UInt8(ascii: "\n"))
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Why there is no connection, for a person.
    static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError, let first = error.connectionErrors.first {
            return reason(first.error)
        }
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return "\(error)"
    }
}

/// Cuts what a server sends into lines.
private final class LineDecoder: ByteToMessageDecoder {
    typealias InboundOut = String

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
        guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return .needMoreData }
        let line = buffer.readString(length: end - buffer.readerIndex) ?? ""
        buffer.moveReaderIndex(forwardBy: 1)
        context.fireChannelRead(wrapInboundOut(line))
        return .continue
    }
}

/// Hands lines to the router.
private final class EventHandler: ChannelInboundHandler {
    typealias InboundIn = String

    private let router: EventRouter

    init(_ router: EventRouter) { self.router = router }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { router.take(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { router.end() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let reason = ClientTrust.reason(error) { router.fail(reason) }
        context.close(promise: nil)
    }
}
