package import Checkpoints
internal import Diagnostics
internal import Foundation
internal import GroupLauncher
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import RankProgram
internal import ServingCore
package import Tokenization

/// A server of FLOTILLA/1: listens, and runs a coordinator until it has ended.
package final class FlotillaServer: Sendable {
    private let threads: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let coordinator: Coordinator
    private let options: CoordinatorOptions
    private let outcome: EventLoopPromise<CoreEnd>
    /// Where clients can reach it, with the ports that the kernel chose.
    package let addresses: [String]

    /// Listens; the group is started by `run`.
    ///
    /// - Parameters:
    ///   - fits: whether a group of so many decoder ranks has the memory.
    ///   - onReady: called once, when the model has been loaded.
    /// - Throws: ``AddressInUseError``, or another `OperatorError`.
    package init(
        _ options: CoordinatorOptions,
        checkpoint: Checkpoint,
        tokenizer: Tokenizer,
        logger: Logger,
        fits: @escaping @Sendable (Int) -> Bool,
        onReady: @escaping @Sendable () -> Void
    ) throws {
        try Self.check(options)
        threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        pool = NIOThreadPool(numberOfThreads: PreparationDesk.threads)
        pool.start()
        let loop = threads.next()
        let outcome = loop.makePromise(of: CoreEnd.self)
        self.outcome = outcome
        self.options = options
        coordinator = Coordinator(
            options,
            checkpoint: checkpoint,
            tokenizer: tokenizer,
            eventLoop: loop,
            pool: pool,
            logger: logger,
            fits: fits,
            onReady: onReady,
            onEnd: { outcome.succeed($0) }
        )
        DescriptorLimit.raise()
        do {
            addresses = try Self.listen(options, coordinator, threads)
        } catch {
            outcome.fail(error)
            try? threads.syncShutdownGracefully()
            throw error
        }
    }

    /// Serves until it has drained, was told to stop, or the ranks are lost for good.
    ///
    /// - Throws: what made it end, if that was not what it was told.
    package func run() throws {
        let coordinator = coordinator
        coordinator.eventLoop.execute { coordinator.assumeIsolated { $0.run() } }
        let end = try outcome.futureResult.wait()
        for path in options.unixPaths { unlink(path) }
        try? threads.syncShutdownGracefully()
        try? pool.syncShutdownGracefully()
        switch end {
        case .done: return
        case .signalled(let signal): SignalWatch.endProcess(by: signal)
        case .failed(let error): throw error
        }
    }

    /// A signal has come: the first SIGTERM or SIGINT drains, the second stops at once; SIGUSR1 only drains.
    package func take(signal: Int32) {
        let coordinator = coordinator
        coordinator.eventLoop.execute {
            coordinator.assumeIsolated { $0.takeSignal(signal, drainsOnly: signal == SIGUSR1) }
        }
    }

    private static func check(_ options: CoordinatorOptions) throws(UsageError) {
        let all = options.listen.map { ("--listen", $0) } + options.http.map { ("--http", $0) }
        guard options.tokens.isEmpty, let (name, open) = all.first(where: { !$0.1.isLoopback }) else { return }
        throw UsageError(
            "\(name) \(open) can be reached from other machines, and there is no token",
            hint: "give a file of tokens with --token-file, or listen on 127.0.0.1"
        )
    }
}

extension FlotillaServer {
    private static func listen(
        _ options: CoordinatorOptions,
        _ coordinator: Coordinator,
        _ threads: MultiThreadedEventLoopGroup
    ) throws -> [String] {
        var addresses: [String] = []
        for address in options.listen {
            let bootstrap = bootstrap(options, coordinator, threads, isLocal: false)
            do {
                let channel = try bootstrap.bind(host: address.host, port: address.port).wait()
                addresses.append("\(address.host):\(channel.localAddress?.port ?? address.port)")
            } catch {
                throw listenError("\(address)", error)
            }
        }
        for address in options.http {
            let bootstrap = ServerBootstrap(group: threads)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(MonitoringHandler(coordinator))
                    }
                }
            do {
                let channel = try bootstrap.bind(host: address.host, port: address.port).wait()
                addresses.append("http://\(address.host):\(channel.localAddress?.port ?? address.port)")
            } catch {
                throw listenError("\(address)", error)
            }
        }
        for path in options.unixPaths {
            try UnixSocketFile.clear(path)
            let before = umask(0o177)
            defer { umask(before) }
            do {
                _ = try bootstrap(options, coordinator, threads, isLocal: true).bind(unixDomainSocketPath: path).wait()
                addresses.append(path)
            } catch {
                throw listenError(path, error)
            }
        }
        return addresses
    }

    private static func bootstrap(
        _ options: CoordinatorOptions,
        _ coordinator: Coordinator,
        _ threads: MultiThreadedEventLoopGroup,
        isLocal: Bool
    ) -> ServerBootstrap {
        let limits = options.limits
        let takesBlobs = isLocal || options.tokens.isEmpty
        return ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: limits.outboxBytes / 8))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = ClientFrameDecoder(
                        lineLimit: limits.lineBytes,
                        blobLimit: limits.blobBytes,
                        takesBlobs: takesBlobs
                    )
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(decoder),
                        ClientConnectionHandler(coordinator, decoder: decoder, isLocal: isLocal)
                    )
                }
            }
    }

    private static func listenError(_ address: String, _ error: any Error) -> any Error {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: return AddressInUseError(address: address)
        case EACCES: return UsageError("nothing may listen on \(address): permission denied")
        case let code?: return UsageError("nothing can listen on \(address): \(String(cString: strerror(code)))")
        case nil: return UsageError("nothing can listen on \(address): \(error)")
        }
    }
}
