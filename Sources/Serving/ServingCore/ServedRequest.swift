internal import Requests
internal import Tokenization

/// A request that has been accepted, until its end.
struct ServedRequest: Sendable {
    enum Stage: String, Sendable {
        case queue, vision, prefill, decode
    }

    /// A picture in use by a group that has the request.
    struct HeldPicture: Sendable, Equatable {
        let key: String
        let number: Int32
    }

    let ticket: Ticket
    let owner: Owner
    /// In which order requests were accepted.
    let order: Int
    let preparation: Preparation
    var answer: AnswerStream
    /// Every token that the ranks have given, over all groups that worked on it.
    var tokens: [Int32] = []
    /// Of every token, if they were asked for; and of those of the pieces, for an end where nothing is streamed.
    var logprobs: [TokenLogprobs] = []
    var pieceLogprobs: [TokenLogprobs] = []
    var stage = Stage.queue
    /// Tokens of the prompt that are in the KV cache.
    var prefilled = 0
    /// The slot whose group has it.
    var slot: Int?
    var pictures: [HeldPicture] = []
    var replays = 0
    var suspicion = Suspicion()
    var cachedTokens = 0
    var speculation = End.Speculation()
    var lastSent: Duration
    var clock: RequestClock

    /// The name that the ranks know it by.
    var job: String { Self.job(ticket) }
    var prepared: PreparedRequest { preparation.request }
    var options: RequestOptions { preparation.options }
    var wantsLogprobsAtEnd: Bool { !options.stream && options.logprobs > 0 }
    /// Tiles of all its pictures.
    var tileCount: Int { prepared.tiles.reduce(0, +) }
    /// Bytes of its pictures, as they came.
    var pictureBytes: Int { prepared.pictureBytes }
    /// Whether any work on it has begun.
    var hasStarted: Bool { clock.dispatched != nil }

    static func job(_ ticket: Ticket) -> String { "j\(ticket)" }

    static func ticket(ofJob job: String) -> Ticket? { job.hasPrefix("j") ? Ticket(job.dropFirst()) : nil }

    /// What the ranks are told, with the tokens that an earlier group has given.
    func generateJob(numbers: [Int32], isComing: [Bool]) -> GenerateJob {
        var job = prepared.job(numbers: numbers, isComing: isComing)
        job.id = self.job
        job.answerIds = tokens
        job.sampling.maxTokens = preparation.maxTokens
        job.sampling.seed = preparation.seed
        job.logprobs = options.logprobs
        job.speculates = options.speculate
        job.asker = owner
        return job
    }

    /// Why the answer ends with the tokens that have come; `nil` while it goes on.
    var finishReason: FinishReason? {
        guard let last = tokens.last else { return nil }
        return emptyJob.finishReason(last: last, count: tokens.count)
    }

    /// Why the end of thinking was forced; `nil` if it was not.
    var thinkingCut: String? { emptyJob.thinking.flatMap { ThinkGuard.cut(in: tokens, $0)?.rawValue } }

    /// By which the answer can be confirmed, as far as it has come.
    func receipt(_ origin: Receipt.Origin, _ finish: FinishReason) -> Receipt? {
        if tokens.isEmpty { return nil }
        return Receipt(
            origin,
            prompt: prepared.promptIds,
            pictures: prepared.receiptPictures,
            request: Receipt.Request(emptyJob.sampling, options),
            answer: Receipt.Answer(tokens: tokens, finish: finish)
        )
    }

    private var emptyJob: GenerateJob {
        let pictures = prepared.tiles.count
        return generateJob(
            numbers: Array(repeating: 0, count: pictures),
            isComing: Array(repeating: false, count: pictures)
        )
    }

    /// The end as its sender is told.
    func end(_ finish: FinishReason, summary: JobSummary?, now: Duration) -> End {
        var usage = End.Usage()
        usage.prompt = prepared.promptIds.count
        usage.image = prepared.imageTokens
        usage.cached = summary?.cachedTokens ?? (hasStarted ? cachedTokens : 0)
        usage.thinking = answer.thinkingCount
        usage.answer = answer.answerCount
        usage.generated = tokens.count
        return End(
            finish: finish.rawValue,
            text: answer.answer,
            thinking: answer.thinking,
            boxed: AnswerText.boxed(in: answer.answer),
            usage: usage,
            timing: clock.timing(now: now, tokens: tokens.count, hasPictures: !prepared.tiles.isEmpty),
            seed: preparation.seed,
            thinkingCut: summary == nil ? thinkingCut : summary?.thinkingCut,
            replays: replays,
            speculation: speculation.steps > 0 ? speculation : nil,
            logprobs: wantsLogprobsAtEnd ? pieceLogprobs : nil
        )
    }
}

/// When a request reached which stage.
struct RequestClock: Sendable {
    let arrived: Duration
    var dispatched: Duration?
    var pictures: Duration?
    var firstToken: Duration?
    var lastToken: Duration?
    /// Steps that gave tokens, over all groups.
    var decodeSteps = 0
    /// Time of the steps that took the prompt in, over all groups.
    var prefillMilliseconds = 0.0

    init(arrived: Duration) { self.arrived = arrived }

    mutating func gotToken(at now: Duration) {
        firstToken = firstToken ?? now
        lastToken = now
    }

    /// The times as END says them.
    func timing(now: Duration, tokens: Int, hasPictures: Bool) -> End.Timing {
        func milliseconds(_ from: Duration?, _ to: Duration?) -> Double {
            guard let from, let to, to > from else { return 0 }
            return (to - from) / .milliseconds(1)
        }
        var timing = End.Timing()
        timing.queueMilliseconds = milliseconds(arrived, dispatched ?? now)
        timing.visionMilliseconds = hasPictures ? milliseconds(dispatched, pictures) : 0
        timing.prefillMilliseconds = prefillMilliseconds
        timing.ttftMilliseconds = milliseconds(arrived, firstToken)
        timing.decodeMilliseconds = milliseconds(firstToken, lastToken)
        timing.totalMilliseconds = milliseconds(arrived, now)
        timing.decodeSteps = decodeSteps
        if tokens > 1, timing.decodeMilliseconds > 0 {
            timing.tokensPerSecond = Double(tokens - 1) / (timing.decodeMilliseconds / 1000)
        }
        return timing
    }
}
