internal import Checkpoints
internal import DequeModule
internal import Diagnostics
internal import Frontend
internal import GroupLauncher
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RankProgram
internal import Requests
internal import ServingCore
internal import Tokenization
internal import WireProtocol

/// The shell around the serving core: connections, the desk, groups and the clock become its inputs, and what it wants
/// done is done here.
///
/// Everything that changes is touched on one event loop only, the actor's executor, so that no control verb waits for a
/// lock. What takes long, such as tokenising and reading pictures, is done on a thread pool beside it. An action that
/// brings another input about, as sending to a client that has gone does, has it wait until the others are done.
actor Coordinator {
    /// Whom the events of a request go to.
    enum Sender {
        case line(session: Int, RequestId)
        /// One of the answers that a call over HTTP asks for.
        case http(exchange: Int, choice: Int)
    }

    nonisolated let eventLoop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { eventLoop.executor.asUnownedSerialExecutor() }

    let options: CoordinatorOptions
    let config: ModelConfig
    let desk: PreparationDesk
    let logger: Logger
    /// The log of what strangers cause.
    let strangers: StrangerLog
    let started = NIODeadline.now()
    /// Called once with what the process should end with, when nothing is left to do.
    let onEnd: @Sendable (CoreEnd) -> Void
    /// Called once, when the model has been loaded.
    let onReady: @Sendable () -> Void

    var core: ServingCore
    private var inputs: Deque<CoreInput> = []
    private(set) var isFeeding = false
    private var wake: (time: Duration, timer: Scheduled<Void>)?
    private var ticker: RepeatedTask?

    var sessions: [Int: ClientSession] = [:]
    var nextSession = 0
    var connectionCount = 0
    var senders: [Ticket: Sender] = [:]
    var nextTicket = 0
    /// The bodies of requests that the core has been asked about.
    var bodies: [Ticket: String] = [:]
    /// Connections that speak HTTP, and the calls on them that have not been answered.
    var httpConnections: [ObjectIdentifier: HTTPConnectionHandler] = [:]
    var exchanges: [Int: HTTPExchange] = [:]
    /// Connections that something was written to and that were not told to send it yet.
    var unflushed: [HTTPConnectionHandler] = []
    var owners = OwnerTable()
    var date = HTTPDate()
    /// Answers over HTTP by status; 499 is a client that left.
    var httpStatuses: [Int: Int] = [:]
    /// What is the same for all that HTTP answers.
    let api: HTTPAnswers
    /// Work that waits for the desk: each continuation is resumed with whether its turn has come.
    var deskLine = DeskLine<CheckedContinuation<Bool, Never>>()
    /// By slot: the group, and the hosts for the next one.
    var groups: [Int: GroupHandle] = [:]
    var hosts: [Int: Hostfile] = [:]
    /// By slot: that the group which is being started is to be ended, and whether by force.
    var endings: [Int: Bool] = [:]
    /// By slot: the number of the question to its hosts that is to be answered, and the rank that was lost last.
    var surveys: [Int: Int] = [:]
    var lostRanks: [Int: RankHello] = [:]

    init(
        _ options: CoordinatorOptions,
        checkpoint: Checkpoint,
        tokenizer: Tokenizer,
        eventLoop: any EventLoop,
        pool: NIOThreadPool,
        logger: Logger,
        fits: @escaping @Sendable (_ slot: Int, _ decoderRanks: Int) -> Bool,
        onReady: @escaping @Sendable () -> Void,
        onEnd: @escaping @Sendable (CoreEnd) -> Void
    ) {
        self.options = options
        config = checkpoint.config
        self.eventLoop = eventLoop
        self.logger = logger
        strangers = StrangerLog(logger, on: eventLoop)
        self.onReady = onReady
        self.onEnd = onEnd
        desk = PreparationDesk(checkpoint, tokenizer: tokenizer, options: options, pool: pool)
        api = HTTPAnswers(options, checkpoint, tokenizer, contextTokens: desk.maxContext)
        core = ServingCore(
            options.coreLimits(hidden: checkpoint.config.decoder.hidden),
            tokenizer: tokenizer,
            policies: options.groupSpecs.indices.map { slot in
                RestartPolicy(decoderRanks: options.rankOptions.decoderRanks) { fits(slot, $0) }
            }
        )
    }

    /// Tokens of prompt and answer that a request may have.
    nonisolated var maxContext: Int { desk.maxContext }

    /// Since the coordinator was made; the core's time.
    var now: Duration { .nanoseconds((NIODeadline.now() - started).nanoseconds) }

    /// Starts groups and the clock; called once.
    func run() {
        feed(.began)
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.assumeIsolated { $0.tick() }
        }
    }

    /// Tells the core, and does what it wants.
    func feed(_ input: CoreInput) {
        inputs.append(input)
        guard !isFeeding else { return }
        isFeeding = true
        while let next = inputs.popFirst() {
            for action in core.handle(next, now: now) { perform(action) }
        }
        isFeeding = false
        flushHTTP()
        setTimer()
    }

    private func perform(_ action: CoreAction) {
        switch action {
        case .prepare(let ticket): prepare(ticket)
        case .send(let event, let ticket): deliver(event, to: ticket)
        case .startGroup(let slot, let generation, let decoders, let visions):
            startGroup(slot, generation, decoderRanks: decoders, visionRanks: visions)
        case .survey(let slot, let question): survey(slot, question)
        case .submit(let job, let slot): groups[slot]?.send(.generate(job))
        case .encode(let job, let bytes, let slot): groups[slot]?.encode(job, bytes)
        case .cancel(let job, let slot): groups[slot]?.send(.cancel(id: job))
        case .forget(let numbers, let slot): groups[slot]?.forget(numbers)
        case .endGroup(let slot, let byForce): endGroup(slot, byForce: byForce)
        case .announce(let message): announce(Note(state: core.state, message: message))
        case .becameReady: onReady()
        case .log(let entry): log(entry)
        case .ended(let end): conclude(end)
        }
    }

    /// Has the core look when it next wants to.
    private func setTimer() {
        let time = core.nextWake()
        guard time != wake?.time else { return }
        wake?.timer.cancel()
        wake = nil
        guard let time else { return }
        let due = started + .nanoseconds(Int64(time / .nanoseconds(1)))
        let timer: Scheduled<Void> = eventLoop.scheduleTask(deadline: due) { [weak self] in
            self?.assumeIsolated { $0.passTime() }
            return ()
        }
        wake = (time, timer)
    }

    private func passTime() {
        wake = nil
        feed(.tick)
    }

    /// Once a second: the core's clock, and the end of clients that do not read.
    private func tick() {
        feed(.tick)
        for session in sessions.values { check(session) }
        checkHTTP()
    }

    private func log(_ entry: LogEntry) {
        let level: Logger.Level =
            switch entry.level {
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            }
        let details = entry.details.map { ($0.name, Logger.MetadataValue.string($0.value)) }
        logger.log(level: level, "\(entry.message)", metadata: Logger.Metadata(details) { $1 })
    }

    /// The groups are gone for good: closes every connection, and says so.
    private func conclude(_ end: CoreEnd) {
        ticker?.cancel()
        for session in sessions.values { session.channel.close(mode: .output, promise: nil) }
        for connection in httpConnections.values { connection.conclude() }
        // What was written last is on its way; a client that does not read must not keep the process.
        let isAlone = sessions.isEmpty && httpConnections.isEmpty
        eventLoop.scheduleTask(in: .milliseconds(isAlone ? 0 : 200)) { [onEnd] in onEnd(end) }
    }
}
