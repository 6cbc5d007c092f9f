import Requests

@testable import ServingCore

/// What a group of ranks does, as far as the core can see it, without ranks: a leader and its vision ranks as a value.
///
/// Its tokens are a function of the prompt and the place alone, as those of the real ones are, so that an answer that was
/// taken up again can be compared with one that was not.
struct ToyGroup {
    struct Job {
        var job: GenerateJob
        var prefilled = 0
        var answer: [Int32]
    }

    struct Picture {
        var tiles: Int
        var arrived = 0
        var isDamaged: Bool
        /// Reports of damage that are still to come: one of each vision rank.
        var failures = 0
    }

    let visionRanks: Int
    private(set) var jobs: [String: Job] = [:]
    /// Told to be encoded, by number.
    private(set) var pictures: [Int32: Picture] = [:]
    private var asked: Set<Int32> = []
    private var pages: Set<PageKey> = []
    /// What has been found out and not been reported.
    private var outbox: [LinkReport] = []
    /// Whether the leader sits on its hands for ever, as one that hangs.
    var isHung = false

    init(visionRanks: Int) { self.visionRanks = visionRanks }

    var isIdle: Bool { jobs.isEmpty && outbox.isEmpty && pictures.values.allSatisfy { $0.arrived == $0.tiles } }

    // MARK: - What it is told

    mutating func submit(_ job: GenerateJob) {
        guard job.promptIds.count < 4000 else {
            outbox.append(.failed(RankFailure(.tooLong, id: job.id, message: "too long")))
            return
        }
        jobs[job.id] = Job(job: job, answer: job.answerIds)
    }

    /// - Parameter bytes: the first is the number of tiles, the second tells whether the picture is damaged.
    mutating func encode(_ job: ImageJob, bytes: [UInt8]) {
        precondition(pictures[job.number] == nil, "picture \(job.number) is encoded twice")
        let isDamaged = bytes[1] == 1
        pictures[job.number] = Picture(
            tiles: Int(bytes[0]),
            isDamaged: isDamaged,
            failures: isDamaged ? visionRanks : 0
        )
    }

    mutating func cancel(_ id: String) {
        guard jobs.removeValue(forKey: id) != nil else { return }
        outbox.append(.finished(id: id, JobSummary(.cancelled)))
    }

    mutating func forget(_ numbers: [Int32]) {
        for number in numbers {
            pictures[number] = nil
            asked.remove(number)
        }
    }

    // MARK: - What it does

    /// Does something, if there is anything to do, and reports it.
    mutating func work(_ random: inout SplitMix) -> LinkReport? {
        guard !isHung else { return nil }
        if !outbox.isEmpty, random.one(in: 2) { return outbox.removeFirst() }
        switch random.below(4) {
        case 0: return see(&random)
        case 1: return want()
        default: return step(&random)
        }
    }

    /// A vision rank has a tile, or finds that it cannot read a picture.
    private mutating func see(_ random: inout SplitMix) -> LinkReport? {
        let open = pictures.filter {
            $0.value.failures > 0 || (!$0.value.isDamaged && $0.value.arrived < $0.value.tiles)
        }
        guard let number = open.keys.sorted().first else { return nil }
        if pictures[number]?.isDamaged == true {
            pictures[number]?.failures -= 1
            return .failed(RankFailure(.badImage, image: number, message: "the picture is damaged"))
        }
        pictures[number]?.arrived += 1
        var report = StepReport()
        report.tiles = [number]
        report.load = load
        return .step(report)
    }

    /// The leader asks for a picture that was left out and that no page covers.
    private mutating func want() -> LinkReport? {
        for id in jobs.keys.sorted() {
            guard let job = jobs[id]?.job else { continue }
            for image in job.images where pictures[image.number] == nil && !asked.contains(image.number) {
                asked.insert(image.number)
                return .imagesWanted([image.number])
            }
        }
        return nil
    }

    private mutating func step(_ random: inout SplitMix) -> LinkReport? {
        var report = StepReport()
        var ended: [(String, FinishReason)] = []
        for id in jobs.keys.sorted() {
            guard var job = jobs[id], !random.one(in: 4), isSeen(job.job) else { continue }
            let total = job.job.promptIds.count
            if job.prefilled < total {
                job.prefilled = min(total, job.prefilled + 1 + random.below(40))
                report.prefill.append(.init(id: id, done: job.prefilled, total: total))
                if job.prefilled == total { note(job.job, &report, &random) }
            } else {
                let token = Self.token(job.job, job.answer.count)
                job.answer.append(token)
                report.tokens.append(.init(id: id, ids: [token]))
                if let reason = job.job.finishReason(last: token, count: job.answer.count) {
                    ended.append((id, reason))
                }
            }
            jobs[id] = job
        }
        for (id, reason) in ended {
            jobs[id] = nil
            outbox.append(.finished(id: id, JobSummary(reason)))
        }
        report.load = load
        return report.tokens.isEmpty && report.prefill.isEmpty ? nil : .step(report)
    }

    private func isSeen(_ job: GenerateJob) -> Bool {
        job.images.allSatisfy { image in pictures[image.number].map { $0.arrived == $0.tiles } ?? false }
    }

    /// The prefix cache comes to know the prompt's pages, and loses others.
    private mutating func note(_ job: GenerateJob, _ report: inout StepReport, _ random: inout SplitMix) {
        let fresh = PageKey.chain(job.promptIds, images: job.images, pageTokens: 16).filter { !pages.contains($0) }
        report.keptPages = fresh
        pages.formUnion(fresh)
        if pages.count > 40 {
            report.droppedPages = Array(pages.subtracting(fresh).prefix(10 + random.below(10)))
            pages.subtract(report.droppedPages)
        }
    }

    private var load: LeaderLoad {
        var load = LeaderLoad()
        load.running = jobs.count
        load.pages = 100
        load.usedPages = min(100, jobs.count)
        return load
    }

    /// The token of an answer at a place: end tokens come now and then.
    static func token(_ job: GenerateJob, _ place: Int) -> Int32 {
        var hash = SplitMix(state: UInt64(truncatingIfNeeded: place) &* 0x9E37)
        for id in job.promptIds { hash.state ^= UInt64(truncatingIfNeeded: id) &+ hash.next() }
        return hash.one(in: 12) ? job.stopIds[0] : Int32(300 + hash.below(400))
    }

    /// The whole answer of a job.
    static func answer(_ job: GenerateJob) -> [Int32] {
        var answer: [Int32] = []
        while answer.last.flatMap({ job.finishReason(last: $0, count: answer.count) }) == nil {
            answer.append(token(job, answer.count))
        }
        return answer
    }
}

/// A generator of numbers that is the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func one(in count: Int) -> Bool { below(count) == 0 }
}
