internal import Checkpoints
package import Diagnostics
internal import Foundation
internal import Frontend
internal import GroupLink
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RankProgram
internal import Tokenization
internal import WireProtocol
internal import Requests

/// The process in front of a group: admits requests, keeps them through the loss of ranks, streams their answers.
///
/// Everything that changes lives here and is touched on one event loop only, the actor's executor: connections, the
/// line, the group. So the order in which things happen is the order in which they are seen, and no control verb waits
/// for a lock. What takes long, such as tokenising and reading pictures, is done on a thread pool beside it.
actor Coordinator {
    nonisolated let eventLoop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    let options: CoordinatorOptions
    let config: ModelConfig
    let tokenizer: Tokenizer
    let desk: PreparationDesk
    let logger: Logger
    /// The log of what strangers cause.
    let strangers: StrangerLog
    let started = NIODeadline.now()
    /// Called once with what the process should end with, when nothing is left to do.
    let onEnd: @Sendable (CoordinatorEnd) -> Void
    /// Called once, when the model has been loaded.
    let onReady: @Sendable () -> Void

    var sessions: [Int: ClientSession] = [:]
    var nextSession = 0
    var requests: [String: ServedRequest] = [:]
    /// Requests that are being made ready, which count as in flight.
    var preparing = 0
    var nextJob = 0
    var queue = FairQueue()
    /// Work that waits for the desk: each continuation is resumed with whether its turn has come.
    var deskLine = DeskLine<CheckedContinuation<Bool, Never>>()
    var pictures: PictureStore
    var visualTokens: VisualTokenCache
    /// The pages that the group's prefix cache has, as its leader last said.
    var knownPages: Set<PageKey> = []
    var statistics = Statistics()

    var group: GroupHandle?
    var policy: RestartPolicy
    var generation = 0
    var groupState = GroupPhase.loading
    var readySince: NIODeadline?
    var restart: Scheduled<Void>?
    var ranks = RankTable()
    var load = LeaderLoad()
    /// Whether the model has been loaded once: from then on requests are taken while a group is started again.
    var hasBeenReady = false
    var isDraining = false
    var drainDeadline: Scheduled<Void>?
    var end: CoordinatorEnd?
    var ticker: RepeatedTask?

    init(
        _ options: CoordinatorOptions,
        checkpoint: Checkpoint,
        tokenizer: Tokenizer,
        eventLoop: any EventLoop,
        pool: NIOThreadPool,
        logger: Logger,
        fits: @escaping @Sendable (Int) -> Bool,
        onReady: @escaping @Sendable () -> Void,
        onEnd: @escaping @Sendable (CoordinatorEnd) -> Void
    ) {
        self.options = options
        config = checkpoint.config
        self.tokenizer = tokenizer
        self.eventLoop = eventLoop
        self.logger = logger
        strangers = StrangerLog(logger, on: eventLoop)
        self.onReady = onReady
        self.onEnd = onEnd
        desk = PreparationDesk(checkpoint, tokenizer: tokenizer, options: options, pool: pool)
        pictures = PictureStore(limit: options.limits.pictureBytes)
        visualTokens = VisualTokenCache(limit: options.limits.visualTokenBytes)
        policy = RestartPolicy(decoderRanks: options.rankOptions.decoderRanks, fits: fits)
    }

    /// Tokens of prompt and answer that a request may have.
    nonisolated var maxContext: Int { desk.maxContext }

    /// What the server can do at the moment.
    var state: GroupState {
        if isDraining { return .draining }
        switch groupState {
        case .ready: return policy.isDegraded ? .degraded : .ready
        case .loading, .waiting, .ended: return .loading
        }
    }

    /// Starts the group and the clock; called once.
    func run() {
        startGroup()
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.assumeIsolated { $0.tick() }
        }
    }

    /// Tells everybody who is connected.
    func announce(_ note: Note) {
        for session in sessions.values where session.isAuthorised { session.send(.note(note)) }
    }

    /// Once a second: signs of life for those who wait, and the end of those who do not read.
    private func tick() {
        let now = NIODeadline.now()
        for request in requests.values where request.body.options.stream && now - request.lastSent >= .seconds(4) {
            sendProgress(request)
        }
        for session in sessions.values { check(session, now) }
        statistics.tick(now)
    }

    /// Cuts a client off that does not read, and looks whether one that half-closed is still there.
    private func check(_ session: ClientSession, _ now: NIODeadline) {
        if let since = session.stalledSince, now - since > .seconds(Int64(options.limits.stalledSeconds)) {
            cutOff(session)
        } else if session.isHalfClosed, !session.inFlight.isEmpty, now - session.lastSent >= .seconds(5) {
            // A client that has gone for good answers this with a reset.
            session.send(.note(Note(state: state)))
        }
    }
}

/// Where the group stands.
enum GroupPhase: String {
    /// Ranks start and load.
    case loading
    case ready
    /// It was lost, and is started again soon.
    case waiting
    case ended
}

/// What the process in front ends with.
package enum CoordinatorEnd: Sendable {
    /// Drained, or told to shut down.
    case done
    /// Told to stop at once by a signal.
    case signalled(Int32)
    case failed(any OperatorError)
}
