import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import GroupLink
import RankProgram
import Tokenization
import Requests

/// One run of `flotilla generate`: prepares requests, runs a group for them, prints the answers.
struct GenerationRun {
    private let checkpoint: Checkpoint
    private let preparer: RequestPreparer
    private let group: GroupOptions
    private let launch: LaunchOptions

    init(model: URL, group: GroupOptions, launch: LaunchOptions) throws {
        checkpoint = try Checkpoint(directory: model)
        preparer = try RequestPreparer(
            checkpoint.config,
            tokenizer: Tokenizer(directory: model),
            maxPixels: group.pixelLimit()
        )
        self.group = group
        self.launch = launch
    }

    /// Answers one conversation; the text streams to standard output.
    ///
    /// - Parameter pictures: the directory that the pictures' paths are relative to.
    func answer(_ request: ConversationRequest, pictures: URL, json: Bool, trace: String?) throws {
        let prepared = try preparer.prepare(request, picturesIn: pictures)
        let options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: prepared.longest,
            maxSequences: 1
        )
        var file = TraceFile()
        var printer = AnswerPrinter()
        var handlers = GenerationSession.Handlers()
        if !json { handlers.onPiece = { _, piece in printer.show(piece.part, piece.text) } }
        handlers.onTrace = { tensor, bytes in file.add(name: tensor.name, shape: tensor.shape, bytes: bytes) }
        var requests = [prepared][...]
        handlers.onAnswer = { _, result in
            let answer = try result.get()
            if json { print(try answer.json()) } else { printer.end(answer) }
            if let trace { try file.write(to: URL(fileURLWithPath: trace)) }
        }
        try withGroup(options, handlers) { session in
            try session.run(inFlight: 1) { requests.popFirst() }
        }
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
            maxSequences: inFlight
        )
        let order = batch.requests.map(\.id)
        var finished: [String: String] = [:]
        var printed = 0
        var handlers = GenerationSession.Handlers()
        handlers.onAnswer = { id, result in
            finished[id] = try Self.line(id, result)
            while printed < order.count, let line = finished.removeValue(forKey: order[printed]) {
                print(line)
                printed += 1
            }
        }
        var next = 0
        try withGroup(options, handlers) { session in
            try session.run(inFlight: 2 * inFlight) {
                guard next < batch.requests.count else { return nil }
                next += 1
                return try preparer.prepare(batch.requests[next - 1], picturesIn: batch.directory)
            }
        }
    }

    private static func line(_ id: String, _ result: Result<Answer, RequestFailedError>) throws -> String {
        switch result {
        case .success(var answer):
            answer.id = id
            return try answer.json()
        case .failure(let error):
            let object = ["id": id, "error": error.description]
            return String(decoding: try JSONEncoder().encode(object), as: UTF8.self)
        }
    }

    /// Starts a group, waits until it is ready, and ends it whatever happens.
    private func withGroup(
        _ options: RankOptions,
        _ handlers: GenerationSession.Handlers,
        _ body: (GenerationSession) throws -> Void
    ) throws {
        let plan = try GroupPlan(checkpoint, options)
        if launch.isLocal { try HostMemory.check(plan) }
        for warning in LaunchWarnings.of(options) where launch.isLocal { Self.note("warning: \(warning)") }
        let backend = try start(options)
        let session = GenerationSession(backend, tokenizer: preparer.tokenizer, handlers: handlers)
        do {
            var progress = LoadProgress()
            defer { progress.end() }
            _ = try session.waitUntilReady { progress.show(done: $0, total: $1) }
            progress.end()
            try body(session)
        } catch let interruption as Interrupted {
            SignalWatch.endProcess(by: interruption.signal)
        } catch {
            backend.shutDown()
            throw error
        }
        backend.shutDown()
    }

    private func start(_ options: RankOptions) throws -> any GenerationBackend {
        let isAlone = options.decoderRanks == 1 && options.visionRanks == 1 && launch.isLocal && !launch.mpirun
        guard !isAlone else { return LocalBackend(checkpoint, options) }
        let backend = try MPIBackend(try launch.spec(options), options)
        // Safe because the backend only hands the signal on to the group, which any thread may do.
        nonisolated(unsafe) let interrupted = backend
        SignalWatch.start([SIGINT, SIGTERM, SIGHUP]) { interrupted.interrupt(signal: $0) }
        return backend
    }

    private static func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
