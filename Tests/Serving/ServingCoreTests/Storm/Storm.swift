import Diagnostics
import Requests
import Testing
import Tokenization

@testable import ServingCore

/// A core amid everything that can happen to it, in an order that a seed draws.
struct Storm: ~Copyable {
    /// What was heard of a request.
    struct Heard {
        var hasBegun = false
        var ends = 0
        var tokens: [Int32] = []
        var isAbandoned = false
        var job: GenerateJob
        var kills: Bool
    }

    struct RanksDied: OperatorError {
        var description: String { "lost rank 1: killed by signal 9" }
        var hint: String? { nil }
        var exitCode: ExitCode { .rankLost }
    }

    var core: ServingCore
    var random: SplitMix
    var now = Duration.zero
    let visionRanks: Int
    let slotCount: Int
    let stopIds: [Int32]
    var groups: [Int: (group: ToyGroup, generation: Int)] = [:]
    var endings: [Int: Int] = [:]
    var surveys: [(slot: Int, question: HostQuestion)] = []
    var preparing: [Ticket: Preparation] = [:]
    var heard: [Ticket: Heard] = [:]
    var live: [Ticket] = []
    var nextTicket = 0
    var inputCount = 0
    var hasEnded = false
    var lost: [Ticket] = []
    var lossCount = 0
    /// The first thing that was not as it should be, and at which input; the storm ends with it.
    var fault: String?
    /// Whether anything bad happens.
    var isCalm = false

    init(seed: UInt64, slots: Int, visionRanks: Int, tokenizer: Tokenizer) {
        random = SplitMix(state: seed)
        self.visionRanks = visionRanks
        slotCount = slots
        stopIds = [tokenizer.control.imEnd]
        var limits = CoreLimits()
        limits.inFlight = 24
        limits.sequences = 1 + random.below(4)
        limits.shortPrompt = random.below(2) * 50
        limits.pageTokens = 16
        limits.visualTokenBytes = 100
        limits.visualCacheBytes = [0, 20_000, 1 << 20][random.below(3)]
        limits.pictureBytes = 2000
        limits.visionRanks = visionRanks
        var restarts = RestartPolicy.Limits()
        restarts.losses = .max
        let policies = (0..<slots).map { _ in RestartPolicy(decoderRanks: 3, limits: restarts) { _ in true } }
        core = ServingCore(limits, tokenizer: tokenizer, policies: policies)
    }

    mutating func feed(_ input: CoreInput) {
        inputCount += 1
        now += .microseconds(random.below(2000))
        for action in core.handle(input, now: now) { perform(action) }
        check(isThorough: inputCount % 8 == 0)
    }

    mutating func require(_ isRight: Bool, _ what: String) {
        if !isRight, fault == nil { fault = "\(what), at input \(inputCount)" }
    }

    private mutating func perform(_ action: CoreAction) {
        switch action {
        case .prepare: break
        case .send(let event, let ticket): hear(event, ticket)
        case .startGroup(let slot, let generation, _, let visionRanks):
            groups[slot] = (ToyGroup(visionRanks: visionRanks), generation)
        case .survey(let slot, let question):
            // Only the last question to a slot is answered.
            surveys.removeAll { $0.slot == slot }
            surveys.append((slot, question))
        case .submit(let job, let slot): groups[slot]?.group.submit(job)
        case .encode(let job, let bytes, let slot): groups[slot]?.group.encode(job, bytes: bytes)
        case .cancel(let job, let slot): groups[slot]?.group.cancel(job)
        case .forget(let numbers, let slot): groups[slot]?.group.forget(numbers)
        case .endGroup(let slot, _): endings[slot] = groups[slot]?.generation
        case .announce, .becameReady, .log: break
        case .ended: hasEnded = true
        }
    }

    private mutating func hear(_ event: RequestEvent, _ ticket: Ticket) {
        guard var one = heard[ticket] else { return require(false, "an event of request \(ticket), unknown") }
        require(one.ends == 0, "request \(ticket) hears something behind its end")
        switch event {
        case .accepted:
            require(!one.hasBegun, "accepted twice")
            one.hasBegun = true
        case .progress: require(one.hasBegun, "progress before it was accepted")
        case .thinking(let piece), .answer(let piece): one.tokens += piece.ids
        case .ended(let ending):
            require(one.hasBegun, "ended before it was accepted")
            let whole = ToyGroup.answer(one.job)
            let isWhole = ["stop", "length"].contains(ending.end.finish)
            let expected = isWhole ? whole : Array(whole.prefix(ending.tokens.count))
            require(ending.tokens == expected, "another answer than without a loss")
            one.ends += 1
        case .failed(let error, _):
            if error.code == .rankLost { lost.append(ticket) }
            one.ends += 1
        }
        heard[ticket] = one
        if one.ends > 0 { live.removeAll { $0 == ticket } }
    }
}
