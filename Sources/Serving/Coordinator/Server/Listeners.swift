internal import Diagnostics
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import OpenAIProtocol
internal import WireProtocol

/// Opens a server's ports, each with the pipeline of its connections.
struct Listeners {
    /// The addresses of the TCP ports.
    struct Places {
        var lines: [SocketAddress] = []
        var http: [SocketAddress] = []
    }

    private let options: CoordinatorOptions
    private let coordinator: Coordinator
    private let doorkeeper: Doorkeeper
    private let threads: MultiThreadedEventLoopGroup
    private let meter: InputMeter
    private let tls: TLSLayer?

    init(
        _ options: CoordinatorOptions,
        _ coordinator: Coordinator,
        _ doorkeeper: Doorkeeper,
        _ threads: MultiThreadedEventLoopGroup,
        tls: TLSLayer?
    ) {
        self.tls = tls
        self.options = options
        self.coordinator = coordinator
        self.doorkeeper = doorkeeper
        self.threads = threads
        meter = InputMeter(limit: options.limits.unfinishedBytes)
    }

    /// Listens everywhere; where, in the words of `--listen`, with the ports that the kernel chose.
    ///
    /// - Throws: ``AddressInUseError``, ``UsageError``.
    func open(_ places: Places) throws -> [String] {
        var addresses: [String] = []
        for (asked, place) in zip(options.listen, places.lines) {
            let port = try bind(lines(.lines), to: place, asked)
            addresses.append(tls == nil ? "\(port)" : "tls://\(port)")
        }
        for (asked, place) in zip(options.http, places.http) {
            let port = try bind(http(), to: place, asked)
            addresses.append("\(tls == nil ? "http" : "https")://\(port)")
        }
        for path in options.unixPaths {
            try UnixSocketFile.clear(path)
            let before = umask(0o177)
            defer { umask(before) }
            do {
                _ = try lines(.unix).bind(unixDomainSocketPath: path).wait()
                addresses.append(path)
            } catch {
                throw listenError(path, error)
            }
        }
        return addresses
    }

    private func bind(
        _ bootstrap: ServerBootstrap,
        to place: SocketAddress,
        _ asked: ListenAddress
    ) throws -> ListenAddress {
        do {
            let channel = try bootstrap.bind(to: place).wait()
            var address = asked
            address.port = channel.localAddress?.port ?? asked.port
            return address
        } catch {
            throw listenError("\(asked)", error)
        }
    }

    /// What all listening channels have in common.
    private func bootstrap(_ port: ConnectionBudget.Port) -> ServerBootstrap {
        ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Not many at once: who has been accepted is only counted a moment later.
            .serverChannelOption(.maxMessagesPerRead, value: 4)
            .serverChannelInitializer { [doorkeeper] channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate(doorkeeper.strangers)
                    try channel.pipeline.syncOperations.addHandler(gate)
                    doorkeeper.add(gate, port)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: 256 << 10, high: options.limits.outboxBytes / 8)
            )
    }

    private func lines(_ port: ConnectionBudget.Port) -> ServerBootstrap {
        let limits = options.limits
        let isLocal = port == .unix
        let isTrusted = isLocal || options.tokens.isEmpty
        return bootstrap(port)
            .childChannelInitializer { [coordinator, doorkeeper, meter, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    if !isLocal { try tls?.secure(channel, port) }
                    let doorway = Doorway(doorkeeper, port) { pipeline in
                        let decoder = ClientFrameDecoder(
                            lineLimit: limits.lineBytes,
                            blobLimit: limits.blobBytes,
                            isTrusted: isTrusted,
                            meter: meter
                        )
                        try pipeline.addHandlers(
                            ByteToMessageHandler(decoder),
                            ClientConnectionHandler(
                                coordinator,
                                decoder: decoder,
                                doorkeeper: doorkeeper,
                                isLocal: isLocal
                            )
                        )
                    } refusal: { problem in
                        ServerEvent.err(nil, .busy(problem, retryAfterMilliseconds: 1000)).line + "\n"
                    }
                    try channel.pipeline.syncOperations.addHandler(doorway)
                }
            }
    }

    private func http() -> ServerBootstrap {
        let rules = httpRules
        let limits = options.limits
        let meter = InputMeter(limit: limits.httpWaitingBytes)
        return bootstrap(.http)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [coordinator, doorkeeper, tls] channel in
                channel.eventLoop.makeCompletedFuture {
                    try tls?.secure(channel, .http)
                    let doorway = Doorway(doorkeeper, .http) { pipeline in
                        let handler = HTTPConnectionHandler(coordinator, rules, meter: meter, doorkeeper: doorkeeper)
                        try Self.addHTTP(handler, to: pipeline)
                    } refusal: { problem in
                        Self.refusal(problem)
                    }
                    try channel.pipeline.syncOperations.addHandler(doorway)
                }
            }
    }

    private static func addHTTP(
        _ handler: HTTPConnectionHandler,
        to pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        var heads = NIOHTTPDecoderLimitConfiguration()
        (heads.maxHeaderFieldSize, heads.maxHeaderListSize, heads.maxHeaderFieldCount) = (32 << 10, 32 << 10, 100)
        try pipeline.addHandlers(
            HTTPByteWatch { [unowned handler] in handler.noteBytes() },
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: heads)),
            handler
        )
    }

    /// What a client hears for which there is no room.
    private static func refusal(_ problem: String) -> String {
        let reply = APIError.busy(problem).reply
        let fields =
            reply.fields + [
                HTTPField("connection", "close"), HTTPField("content-length", "\(reply.body.count)"),
                HTTPField("date", HTTPDate.write(Int(Date().timeIntervalSince1970))),
                HTTPField("x-request-id", HTTPAnswers.name("req-")),
            ]
        let head = "HTTP/1.1 429 Too Many Requests\r\n" + fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        return head + "\r\n" + String(decoding: reply.body, as: UTF8.self)
    }

    private var httpRules: HTTPRules {
        var rules = HTTPRules(
            checksHost: options.tokens.isEmpty,
            hostNames: Set(options.api.hostNames),
            origins: Set(options.api.origins),
            hasPage: options.api.hasPage,
            maxBody: options.limits.httpBodyBytes
        )
        if tls != nil { rules.scheme = "https" }
        return rules
    }

    private func listenError(_ address: String, _ error: any Error) -> any Error {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: AddressInUseError(address: address)
        case EACCES: UsageError("nothing may listen on \(address): permission denied")
        case EADDRNOTAVAIL:
            UsageError(
                "nothing can listen on \(address): this machine has no such address",
                hint: "where there is no IPv4, --listen \"[::1]:7070\""
            )
        case let code?: UsageError("nothing can listen on \(address): \(String(cString: strerror(code)))")
        case nil: UsageError("nothing can listen on \(address): \(error)")
        }
    }
}
