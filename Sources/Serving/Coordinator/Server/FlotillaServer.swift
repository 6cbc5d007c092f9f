package import Checkpoints
internal import Diagnostics
internal import Foundation
internal import Frontend
internal import GroupLauncher
package import Logging
internal import NIOCore
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
    private let log: LogWriter
    /// Where clients can reach it, with the ports that the kernel chose.
    package let addresses: [String]

    /// Listens; the group is started by `run`.
    ///
    /// - Parameters:
    ///   - log: what `logger` writes to, which is given a moment at the end.
    ///   - fits: whether the group of a slot has the memory for so many decoder ranks.
    ///   - onReady: called once, when the model has been loaded.
    /// - Throws: ``AddressInUseError``, or another `OperatorError`.
    package init(
        _ options: CoordinatorOptions,
        checkpoint: Checkpoint,
        tokenizer: Tokenizer,
        logger: Logger,
        log: LogWriter,
        fits: @escaping @Sendable (_ slot: Int, _ decoderRanks: Int) -> Bool,
        onReady: @escaping @Sendable () -> Void
    ) throws {
        let budget = try Self.budget(options)
        let places = try Self.places(options)
        threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        pool = NIOThreadPool(numberOfThreads: PreparationDesk.threads)
        pool.start()
        let loop = threads.next()
        let outcome = loop.makePromise(of: CoreEnd.self)
        self.outcome = outcome
        self.options = options
        self.log = log
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
        let doorkeeper = Doorkeeper(
            budget,
            needsToken: !options.tokens.isEmpty,
            strangers: coordinator.strangers,
            on: loop
        )
        do {
            let strangers = coordinator.strangers
            let tls = try options.tls.map { files in
                try TLSLayer(
                    files,
                    strangers: strangers,
                    seconds: options.limits.helloSeconds,
                    logger: logger
                )
            }
            tls?.watch(on: loop, pool)
            addresses = try Listeners(options, coordinator, doorkeeper, threads, tls: tls).open(places)
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
        DraftGroup.waitUntilGone()
        log.flush(within: .seconds(2))
        try? threads.syncShutdownGracefully()
        try? pool.syncShutdownGracefully()
        switch end {
        case .done: return
        case .signalled(let signal): SignalWatch.endProcess(by: signal)
        case .failed(let error): throw error
        }
    }

    /// The signals that are for `take`.
    package static let signals = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2]

    /// A signal has come: the first SIGTERM or SIGINT drains, the second stops at once; SIGUSR1 and SIGHUP only drain.
    ///
    /// A terminal that closes sends SIGHUP twice, by its shell and by the kernel. SIGUSR2 means nothing.
    package func take(signal: Int32) {
        if signal == SIGUSR2 { return }
        let drainsOnly = signal == SIGUSR1 || signal == SIGHUP
        let coordinator = coordinator
        coordinator.eventLoop.execute {
            coordinator.assumeIsolated { $0.takeSignal(signal, drainsOnly: drainsOnly) }
        }
    }

    /// The addresses of the TCP ports; refused are those that strangers could use.
    private static func places(_ options: CoordinatorOptions) throws(UsageError) -> Listeners.Places {
        func resolve(_ list: [ListenAddress], _ name: String) throws(UsageError) -> [SocketAddress] {
            var found: [SocketAddress] = []
            for address in list {
                found.append(try address.resolved())
                guard options.tokens.isEmpty, !found[found.count - 1].isLoopback else { continue }
                throw UsageError(
                    "\(name) \(address) can be reached from other machines, and there is no token",
                    hint: "give a file of tokens with --token-file, or listen on 127.0.0.1 or [::1]"
                )
            }
            return found
        }
        return Listeners.Places(
            lines: try resolve(options.listen, "--listen"),
            http: try resolve(options.http, "--http")
        )
    }

    /// How many connections there may be, by what the system allows.
    private static func budget(_ options: CoordinatorOptions) throws(UsageError) -> ConnectionBudget {
        let limit = DescriptorLimit.raise()
        let ranks = options.rankOptions.worldSize * options.groupSpecs.count
        let used = DescriptorLimit.used + options.listen.count + options.http.count + options.unixPaths.count
        let budget = ConnectionBudget(
            descriptors: limit,
            used: used,
            ranks: ranks,
            connections: options.limits.connections
        )
        if let budget { return budget }
        let least = used + ConnectionBudget.reserve(ranks: ranks) + ConnectionBudget.least
        throw UsageError(
            "at most \(limit) files and sockets may be open, which is too few to serve with \(ranks) ranks",
            hint: "raise the limit to \(least) at least, better to thousands: ulimit -n"
        )
    }
}
