import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import GroupLink
import RankProgram
import Requests
import ServingCore
import Tokenization

/// One run of `flotilla generate`: prepares requests, runs a group for them, prints the answers.
struct GenerationRun {
    let checkpoint: Checkpoint
    let preparer: RequestPreparer
    private let group: GroupOptions
    private let draft: DraftOptions?
    private let launch: LaunchOptions
    /// Groups that share the requests.
    private let groups: Int
    /// How often a lost group is started again.
    private let restarts: Int

    init(
        model: URL,
        group: GroupOptions,
        draft: DraftOptions? = nil,
        launch: LaunchOptions,
        groups: Int,
        restarts: Int
    ) throws {
        checkpoint = try Checkpoint(directory: model)
        preparer = try RequestPreparer(
            checkpoint.config,
            tokenizer: Tokenizer(directory: model),
            maxPixels: group.pixelLimit()
        )
        self.group = group
        self.draft = draft
        self.launch = launch
        self.groups = groups
        self.restarts = restarts
    }

    /// Answers one conversation; the text streams to standard output.
    ///
    /// - Parameter pictures: the directory that the pictures' paths are relative to.
    func answer(_ request: ConversationRequest, pictures: URL, json: Bool, trace: String?) throws {
        let prepared = try preparer.prepare(request, picturesIn: pictures)
        let options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: prepared.longest,
            maxSequences: 1,
            hosts: launch.hosts()
        )
        var file = TraceFile()
        var printer = AnswerPrinter()
        var handlers = InProcessServing.Handlers()
        handlers.onTrace = { tensor, bytes in file.add(name: tensor.name, shape: tensor.shape, bytes: bytes) }
        handlers.onEvent = { _, event in
            switch event {
            case .thinking(let piece): if !json { printer.show(.thinking, piece.text) }
            case .answer(let piece): if !json { printer.show(.answer, piece.text) }
            case .ended(let ending):
                let answer = Answer(ending, of: prepared, tokenizer: preparer.tokenizer)
                if json { StandardOutput.say(answer.json + "\n") } else { printer.end(ending.end) }
                if let trace { try file.write(to: URL(fileURLWithPath: trace)) }
            case .failed(let error, let cause): throw RequestFailedError(error: error, cause: cause)
            case .accepted, .progress: break
            }
        }
        var requests = [preparation(request, prepared)][...]
        try serve(options, inFlight: 1, receipts: request.options.receipt, handlers) { requests.popFirst() }
    }

    private func preparation(_ request: ConversationRequest, _ prepared: PreparedRequest) -> Preparation {
        Preparation(options: request.options, request: prepared, pageTokens: RankOptions.pageTokens)
    }

    /// Answers many conversations, several at once; one JSON object a line, in the order of the file.
    func answerAll(_ batch: BatchFile) throws {
        guard !batch.requests.isEmpty else { return }
        let inFlight = group.maxSequences ?? 8
        // Room for the longest requests side by side; each is prepared again when its turn comes.
        let lengths = try batch.requests
            .map { try preparer.prepare($0, picturesIn: batch.directory).longest }
            .sorted(by: >)
        let options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: lengths.prefix(inFlight).map { $0 + 64 }.reduce(0, +),
            maxSequences: inFlight,
            hosts: launch.hosts()
        )
        var output = OrderedLines { StandardOutput.say($0 + "\n") }
        /// By ticket; tickets count from 1, in the order of the file.
        var open: [Ticket: (id: String, prepared: PreparedRequest)] = [:]
        var handlers = InProcessServing.Handlers()
        handlers.onEvent = { ticket, event in
            guard event.isLast, let (id, prepared) = open.removeValue(forKey: ticket) else { return }
            output.add(Self.line(id, event, prepared, preparer.tokenizer), at: ticket)
        }
        var next = 0
        let receipts = batch.requests.contains { $0.options.receipt }
        try serve(options, inFlight: 2 * groups * inFlight, receipts: receipts, handlers) {
            guard next < batch.requests.count else { return nil }
            let request = batch.requests[next]
            next += 1
            let prepared = try preparer.prepare(request, picturesIn: batch.directory)
            open[next] = (request.id, prepared)
            return preparation(request, prepared)
        }
    }

    private static func line(
        _ id: String,
        _ event: RequestEvent,
        _ prepared: PreparedRequest,
        _ tokenizer: Tokenizer
    ) -> String {
        switch event {
        case .ended(let ending):
            var answer = Answer(ending, of: prepared, tokenizer: tokenizer)
            answer.id = id
            return answer.json
        case .failed(let error, _): return JSONLine.encode(["id": id, "error": error.message])
        case .accepted, .progress, .thinking, .answer: return ""
        }
    }

    /// Starts the groups, answers requests, and ends them whatever happens.
    ///
    /// - Parameter receipts: whether answers that ask for one have a receipt.
    func serve(
        _ options: RankOptions,
        inFlight: Int,
        receipts: Bool = false,
        _ handlers: InProcessServing.Handlers,
        next: () throws -> Preparation?
    ) throws {
        try launch.checkPageDirectory(options)
        let plan = try GroupPlan(checkpoint, options)
        let draft = try draft?.model(for: checkpoint, options)
        var placed: [GroupPlacement.Group] = []
        if !isAlone(options) {
            placed = try GroupPlacement.prepare(groups: groups, launch.spec(options), checkpoint, options)
        }
        let placements = placed.compactMap(\.placement)
        var warnings = GroupPlacement.warnings(placements)
        if placements.isEmpty, launch.isOfOneHost {
            try HostMemory.check(plan, groups: groups, besides: groups * (draft?.plan.totalBytes ?? 0))
            warnings += LaunchWarnings.of(options, groups: groups)
        }
        let drafts = try draft?.launches(beside: &placed, plan) ?? []
        for warning in warnings + LaunchWarnings.ofWire(options) { Self.note("warning: \(warning)") }
        var progress = LoadProgress()
        var handlers = handlers
        handlers.onLoading = { progress.show(done: $0, total: $1) }
        handlers.onReady = { progress.end() }
        handlers.onNote = { Self.note($0) }
        handlers.onLog = { entry in
            if launch.verbose || (restarts > 0 && entry.level != .info) {
                Self.note(([entry.message] + entry.details.map(\.value)).joined(separator: " "))
            }
        }
        var limits = limits(options, inFlight: inFlight)
        if receipts { limits.receipts = try Receipt.Origin(checkpoint, preparer.tokenizer, options) }
        let serving = InProcessServing(
            limits,
            tokenizer: preparer.tokenizer,
            policies: Array(repeating: policy(options), count: groups),
            handlers: handlers
        ) { slot in
            guard !placed.isEmpty else { return InProcessGroup(checkpoint, options) }
            return try MpirunGroup(placed[slot].spec, options, draft: drafts.isEmpty ? nil : drafts[slot]) { note in
                if launch.verbose { Self.note(note) }
            }
        }
        if !isAlone(options) {
            // Safe because the only thing that another thread does is to leave a word behind a lock.
            nonisolated(unsafe) let interrupted = serving
            SignalWatch.start([SIGINT, SIGTERM, SIGHUP]) { interrupted.interrupt(signal: $0) }
        }
        defer { progress.end() }
        do {
            try serving.run(inFlight: inFlight, next: next)
        } catch let interruption as Interrupted {
            SignalWatch.endProcess(by: interruption.signal)
        }
    }

    private func limits(_ options: RankOptions, inFlight: Int) -> CoreLimits {
        var limits = CoreLimits()
        limits.inFlight = inFlight
        limits.sequences = options.maxSequences
        limits.pageTokens = RankOptions.pageTokens
        limits.visualTokenBytes = checkpoint.config.decoder.hidden * 4
        // Requests of one run share pictures only while they are under way.
        limits.visualCacheBytes = 0
        limits.pictureBytes = 0
        limits.visionRanks = isAlone(options) ? 0 : options.visionRanks
        limits.endsWithCause = true
        return limits
    }

    private func policy(_ options: RankOptions) -> RestartPolicy {
        var limits = RestartPolicy.Limits()
        limits.losses = .max
        limits.lossesInAll = restarts
        return RestartPolicy(decoderRanks: options.decoderRanks, limits: limits) { _ in false }
    }

    /// One decoder and one vision rank run in this process, unless something else is asked for.
    private func isAlone(_ options: RankOptions) -> Bool {
        options.decoderRanks == 1 && options.visionRanks == 1 && groups == 1 && launch.isLocal && !launch.mpirun
            && options.speculation != .draft
    }

    private static func note(_ text: String) { StandardError.say("\(text)\n") }
}

/// A request that could not be answered.
struct RequestFailedError: OperatorError {
    let error: RequestError
    /// What a rank said, where one did.
    let cause: RankFailure?

    var description: String { cause?.message ?? error.message }
    var hint: String? { cause?.hint }

    var exitCode: Diagnostics.ExitCode {
        if let cause { return Diagnostics.ExitCode(rawValue: cause.exitCode) ?? .internalError }
        switch error.code {
        case .rankLost: return .rankLost
        case .internal: return .internalError
        default: return .usage
        }
    }
}

/// Lines that are finished in any order and shown in theirs.
struct OrderedLines {
    private var finished: [Int: String] = [:]
    private var next = 1
    private let show: (String) -> Void

    init(show: @escaping (String) -> Void) { self.show = show }

    /// - Parameter place: counted from 1.
    mutating func add(_ line: String, at place: Int) {
        finished[place] = line
        while let line = finished.removeValue(forKey: next) {
            show(line)
            next += 1
        }
    }
}
