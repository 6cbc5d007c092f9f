internal import Requests

/// What the server has done since it started.
package struct Statistics: Sendable {
    package var accepted = 0
    /// Of those accepted, how many ended with an ERR.
    package var failed = 0
    package var replayed = 0
    package var losses = 0
    package var preemptions = 0
    package var tiles = 0
    package private(set) var ended: [String: Int] = [:]
    package private(set) var errors: [String: Int] = [:]
    package private(set) var promptTokens = 0
    package private(set) var imageTokens = 0
    package private(set) var cachedTokens = 0
    package private(set) var thinkingTokens = 0
    package private(set) var answerTokens = 0
    package private(set) var generatedTokens = 0
    /// Requests whose prompts were looked up in the prefix cache, and those of which something was found.
    package private(set) var cacheQueries = 0
    package private(set) var cacheHits = 0
    package internal(set) var speculation = SpeculationFigures()
    package private(set) var firstToken = Histogram(bounds: Histogram.firstTokenBounds)
    package private(set) var interToken = Histogram(bounds: Histogram.interTokenBounds)
    package private(set) var requestTime = Histogram(bounds: Histogram.requestBounds)
    package private(set) var queueTime = Histogram(bounds: Histogram.requestBounds)
    package private(set) var generatedRate = Rate()
    package private(set) var promptRate = Rate()

    mutating func noteError(_ code: ErrorCode) { errors[code.rawValue, default: 0] += 1 }

    /// A token of a request has come; called before the request's own clock is told.
    mutating func noteToken(_ request: ServedRequest, at now: Duration) {
        generatedTokens += 1
        generatedRate.add(1)
        if let last = request.clock.lastToken {
            interToken.observe((now - last).seconds)
        } else {
            firstToken.observe((now - request.clock.arrived).seconds)
        }
    }

    /// A request has ended with END.
    mutating func note(_ request: ServedRequest, finish: FinishReason, summary: JobSummary?, at now: Duration) {
        ended[finish.rawValue, default: 0] += 1
        thinkingTokens += request.answer.thinkingCount
        answerTokens += request.answer.answerCount
        requestTime.observe((now - request.clock.arrived).seconds)
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

    mutating func tick(_ now: Duration) {
        generatedRate.tick(now)
        promptRate.tick(now)
    }
}

/// Events a second, averaged over the last ten seconds or so.
package struct Rate: Sendable {
    package private(set) var perSecond = 0.0
    private var count = 0
    private var since: Duration?

    mutating func add(_ events: Int) { count += events }

    /// To be called about once a second.
    mutating func tick(_ now: Duration) {
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
