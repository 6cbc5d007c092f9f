internal import Frontend
internal import GroupLink
internal import NIOCore
internal import Requests
internal import WireProtocol

/// What the server has done since it started.
struct Statistics {
    var connections = 0
    var accepted = 0
    /// Of those accepted, how many ended with an ERR.
    var failed = 0
    var replayed = 0
    var losses = 0
    var preemptions = 0
    var tiles = 0
    private(set) var ended: [String: Int] = [:]
    private(set) var errors: [String: Int] = [:]
    private(set) var promptTokens = 0
    private(set) var imageTokens = 0
    private(set) var cachedTokens = 0
    private(set) var thinkingTokens = 0
    private(set) var answerTokens = 0
    private(set) var generatedTokens = 0
    /// Requests whose prompts were looked up in the prefix cache, and those of which something was found.
    private(set) var cacheQueries = 0
    private(set) var cacheHits = 0
    private(set) var firstToken = Histogram(bounds: Histogram.firstTokenBounds)
    private(set) var interToken = Histogram(bounds: Histogram.interTokenBounds)
    private(set) var requestTime = Histogram(bounds: Histogram.requestBounds)
    private(set) var queueTime = Histogram(bounds: Histogram.requestBounds)
    private(set) var generatedRate = Rate()
    private(set) var promptRate = Rate()

    mutating func noteError(_ code: ErrorCode) { errors[code.rawValue, default: 0] += 1 }

    /// A token of a request has come; called before the request's own clock is told.
    mutating func noteToken(_ request: ServedRequest, at now: NIODeadline) {
        generatedTokens += 1
        generatedRate.add(1)
        if let last = request.clock.lastToken {
            interToken.observe((now - last).seconds)
        } else {
            firstToken.observe((now - request.clock.arrived).seconds)
        }
    }

    /// A request has ended with END.
    mutating func note(_ request: ServedRequest, finish: FinishReason, summary: JobSummary?) {
        ended[finish.rawValue, default: 0] += 1
        thinkingTokens += request.answer.thinkingCount
        answerTokens += request.answer.answerCount
        requestTime.observe((NIODeadline.now() - request.clock.arrived).seconds)
        if let dispatched = request.clock.dispatched { queueTime.observe((dispatched - request.clock.arrived).seconds) }
        guard let summary else { return }
        let prompt = request.prepared.promptIds.count
        promptTokens += prompt
        promptRate.add(prompt)
        imageTokens += request.prepared.imageTokens
        cachedTokens += summary.cachedTokens
        cacheQueries += 1
        if summary.cachedTokens > 0 { cacheHits += 1 }
    }

    mutating func tick(_ now: NIODeadline) {
        generatedRate.tick(now)
        promptRate.tick(now)
    }
}

/// Events a second, averaged over the last ten seconds or so.
struct Rate {
    private(set) var perSecond = 0.0
    private var count = 0
    private var since: NIODeadline?

    mutating func add(_ events: Int) { count += events }

    /// To be called about once a second.
    mutating func tick(_ now: NIODeadline) {
        defer {
            count = 0
            since = now
        }
        guard let since, now > since else { return }
        let current = Double(count) / (now - since).seconds
        perSecond += (current - perSecond) * 0.2
        if perSecond < 0.001 { perSecond = 0 }
    }
}

extension TimeAmount {
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
