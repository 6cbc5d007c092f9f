internal import Requests

/// What a draft model's ranks are told, as a value: which answers are under way, how far they are, and which pictures they see.
///
/// Drafts are hints, so everything that those ranks know may be lost at any time: ``begin()`` tells them all of it anew. An
/// answer for which they guess wrong nearly always is left alone for a while, since each guess costs them a step.
struct DraftDesk {
    enum Order: Equatable {
        case tell(LinkCommand)
        case encode(ImageJob, [UInt8])
        case forget([Int32])
    }

    private struct Answer {
        /// What the draft model is asked: the tokens so far are among it.
        var job: GenerateJob
        var latest: DraftProposal?
        /// How often guesses were right of late.
        var share = DraftDesk.firstShare
        /// Whether the draft model works on it.
        var isOpen = false
        /// Tokens of the answer at which it is tried again, and how many it is left alone for the next time.
        var resumes = 0
        var pause = DraftDesk.shortestPause
    }

    static let firstShare = 0.5
    /// Below it a guess is not worth the step that it costs.
    static let leastShare = 0.1
    static let rate = 0.05
    static let shortestPause = 128
    static let longestPause = 4096

    private(set) var isReady = false
    private var answers: [String: Answer] = [:]
    private var pictures: [Int32: (job: ImageJob, bytes: [UInt8])] = [:]
    /// Pictures that the draft model's vision rank was given.
    private var shown: Set<Int32> = []

    /// The draft model has loaded.
    mutating func begin() -> [Order] {
        isReady = true
        return answers.keys.sorted().flatMap { open($0) }
    }

    /// Its ranks are gone, with all that they knew.
    mutating func lose() {
        isReady = false
        shown = []
        for id in answers.keys {
            answers[id]?.isOpen = false
            answers[id]?.latest = nil
        }
    }

    mutating func submit(_ job: GenerateJob) -> [Order] {
        guard job.speculates, !job.trace else { return [] }
        var job = job
        // What looks at an answer's tokens one by one is the decoder's business.
        (job.thinking, job.format, job.logprobs) = (nil, nil, 0)
        answers[job.id] = Answer(job: job)
        return isReady ? open(job.id) : []
    }

    /// The decoder has taken tokens of an answer.
    mutating func take(_ id: String, _ tokens: [Int32]) -> [Order] {
        guard var answer = answers[id], !tokens.isEmpty else { return [] }
        defer { answers[id] = answer }
        let start = answer.job.promptIds.count + answer.job.answerIds.count
        if let latest = answer.latest {
            for (place, token) in tokens.enumerated() {
                let guess = start + place - latest.start
                guard latest.tokens.indices.contains(guess) else { continue }
                answer.share += Self.rate * ((latest.tokens[guess] == token ? 1 : 0) - answer.share)
            }
        }
        answer.job.answerIds += tokens
        guard isReady else { return [] }
        if answer.isOpen, answer.share < Self.leastShare {
            (answer.isOpen, answer.latest) = (false, nil)
            answer.resumes = answer.job.answerIds.count + answer.pause
            answer.pause = min(2 * answer.pause, Self.longestPause)
            return [.tell(.cancel(id: id))]
        }
        if answer.isOpen { return [.tell(.confirm(id: id, start: start, tokens: tokens))] }
        guard answer.job.answerIds.count >= answer.resumes else { return [] }
        answers[id] = answer
        let orders = open(id)
        answer = answers[id] ?? answer
        return orders
    }

    /// What the draft model guesses.
    mutating func note(_ proposals: [DraftProposal]) {
        for proposal in proposals where answers[proposal.id]?.isOpen == true {
            answers[proposal.id]?.latest = proposal
        }
    }

    /// An answer has ended, or the draft model cannot guess for it.
    mutating func end(_ id: String) -> [Order] {
        guard let answer = answers.removeValue(forKey: id), answer.isOpen else { return [] }
        return [.tell(.cancel(id: id))]
    }

    /// A picture is encoded for the decoder.
    ///
    /// The draft model gets it with the first answer that needs it there: the leader receives tiles in the order in which they
    /// come, and one of a picture that no job of its has named would hold up all behind it.
    mutating func encode(_ job: ImageJob, _ bytes: [UInt8]) -> [Order] {
        pictures[job.number] = (job, bytes)
        let isNamed = answers.values.contains { answer in
            answer.isOpen && answer.job.images.contains { $0.number == job.number }
        }
        return isReady && isNamed ? show(job.number) : []
    }

    mutating func forget(_ numbers: [Int32]) -> [Order] {
        for number in numbers { pictures[number] = nil }
        let known = numbers.filter { shown.remove($0) != nil }
        return known.isEmpty ? [] : [.forget(known)]
    }

    /// The draft model misses pictures; answers about those that nobody has any more get no guesses.
    mutating func want(_ numbers: [Int32]) -> [Order] {
        let orders = numbers.flatMap { show($0) }
        let lost = Set(numbers).subtracting(pictures.keys)
        let blind = answers.keys.sorted().filter { id in
            answers[id]?.job.images.contains { lost.contains($0.number) } ?? false
        }
        return orders + blind.flatMap { end($0) }
    }

    /// The draft model's vision rank cannot read a picture.
    mutating func fail(picture number: Int32) -> [Order] {
        pictures[number] = nil
        return want([number])
    }

    private mutating func open(_ id: String) -> [Order] {
        guard var answer = answers[id] else { return [] }
        var orders: [Order] = []
        for index in answer.job.images.indices {
            let number = answer.job.images[index].number
            orders += show(number)
            // What comes later is asked for when it is needed.
            answer.job.images[index].isComing = shown.contains(number)
        }
        (answer.isOpen, answer.share) = (true, Self.firstShare)
        answers[id] = answer
        return orders + [.tell(.generate(answer.job))]
    }

    private mutating func show(_ number: Int32) -> [Order] {
        guard let (job, bytes) = pictures[number], shown.insert(number).inserted else { return [] }
        return [.encode(job, bytes)]
    }
}
