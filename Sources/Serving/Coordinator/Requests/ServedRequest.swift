internal import Frontend
internal import GroupLink
internal import Inference
internal import NIOCore
internal import Requests
internal import WireProtocol

/// A request that has been accepted, until its END or ERR.
final class ServedRequest {
    enum Stage: String {
        case queue, vision, prefill, decode
    }

    /// The name that the ranks know it by; never used twice.
    let job: String
    /// In which order requests were accepted.
    let order: Int
    let id: RequestId
    let session: Int
    let body: GenerateBody
    let prepared: PreparedRequest
    let pageKeys: [PageKey]
    let maxTokens: Int
    let seed: UInt64
    var answer: AnswerStream
    /// Every token that the ranks have given, over all groups that worked on it.
    var tokens: [Int32] = []
    /// Of the tokens of thinking and answer, kept for END where nothing is streamed.
    var logprobs: [TokenLogprobs] = []
    var stage = Stage.queue
    /// Tokens of the prompt that are in the KV cache.
    var prefilled = 0
    /// Whether a group has it.
    var isDispatched = false
    /// The keys of the pictures that it holds in the visual token cache.
    var heldPictures: [String] = []
    var deadline: Scheduled<Void>?
    var replays = 0
    /// Groups lost in a row without a token in between.
    var replaysWithoutProgress = 0
    var tokensAtReplay = 0
    var cachedTokens = 0
    var lastSent = NIODeadline.now()
    var clock: RequestClock

    init(
        order: Int,
        id: RequestId,
        session: Int,
        _ preparation: Preparation,
        answer: AnswerStream,
        clock: RequestClock
    ) {
        self.order = order
        job = "j\(order)"
        self.id = id
        self.session = session
        self.answer = answer
        self.clock = clock
        body = preparation.body
        prepared = preparation.prepared
        pageKeys = preparation.pageKeys
        maxTokens = preparation.maxTokens
        seed = preparation.seed
    }

    /// What the ranks are told, with the tokens that an earlier group has given.
    func generateJob(numbers: [Int32], isComing: [Bool]) -> GenerateJob {
        var job = prepared.job(numbers: numbers, isComing: isComing)
        job.id = self.job
        job.answerIds = tokens
        job.sampling.maxTokens = maxTokens
        job.sampling.seed = seed
        job.logprobs = body.options.logprobs
        return job
    }

    /// Why the answer ends with the tokens that have come; `nil` while it goes on.
    var finishReason: FinishReason? {
        guard let last = tokens.last else { return nil }
        return emptyJob.finishReason(last: last, count: tokens.count)
    }

    /// Why the end of thinking was forced; `nil` if it was not.
    var thinkingCut: String? { emptyJob.thinking.flatMap { ThinkGuard.cut(in: tokens, $0)?.rawValue } }

    private var emptyJob: GenerateJob {
        let pictures = prepared.tiles.count
        return generateJob(
            numbers: Array(repeating: 0, count: pictures),
            isComing: Array(repeating: false, count: pictures)
        )
    }

    /// Bytes of its pictures, as they came.
    var pictureBytes: Int { prepared.imageBytes.reduce(0) { $0 + $1.count } }

    var wantsLogprobsAtEnd: Bool { !body.options.stream && body.options.logprobs > 0 }

    /// Tiles of all its pictures.
    var tileCount: Int { prepared.tiles.reduce(0, +) }
    /// Whether any work on it has begun.
    var hasStarted: Bool { clock.dispatched != nil }
}

/// When a request reached which stage.
struct RequestClock {
    let arrived: NIODeadline
    var accepted: NIODeadline?
    var dispatched: NIODeadline?
    var pictures: NIODeadline?
    var firstToken: NIODeadline?
    var lastToken: NIODeadline?
    /// Time of the steps that took the prompt in, over all groups.
    var prefillMilliseconds = 0.0

    init(arrived: NIODeadline) { self.arrived = arrived }

    mutating func gotToken(at now: NIODeadline) {
        firstToken = firstToken ?? now
        lastToken = now
    }

    /// The times as END says them.
    func timing(now: NIODeadline, tokens: Int, hasPictures: Bool) -> End.Timing {
        func milliseconds(_ from: NIODeadline?, _ to: NIODeadline?) -> Double {
            guard let from, let to, to > from else { return 0 }
            return Double((to - from).nanoseconds) / 1e6
        }
        var timing = End.Timing()
        timing.queueMilliseconds = milliseconds(arrived, dispatched ?? now)
        timing.visionMilliseconds = hasPictures ? milliseconds(dispatched, pictures) : 0
        timing.prefillMilliseconds = prefillMilliseconds
        timing.ttftMilliseconds = milliseconds(arrived, firstToken)
        timing.decodeMilliseconds = milliseconds(firstToken, lastToken)
        timing.totalMilliseconds = milliseconds(arrived, now)
        if tokens > 1, timing.decodeMilliseconds > 0 {
            timing.tokensPerSecond = Double(tokens - 1) / (timing.decodeMilliseconds / 1000)
        }
        return timing
    }
}
