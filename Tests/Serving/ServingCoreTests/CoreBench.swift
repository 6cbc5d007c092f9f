import Diagnostics
import Requests
import TestSupport
import Tokenization

@testable import ServingCore

/// A core on the bench: inputs by hand, and what it wanted done.
struct CoreBench: ~Copyable {
    struct Died: OperatorError {
        var description: String { "lost rank 1" }
        var hint: String? { nil }
        var exitCode: ExitCode { .rankLost }
    }

    var core: ServingCore
    var now = Duration.zero
    var actions: [CoreAction] = []
    /// By slot.
    var generations: [Int: Int] = [:]
    var generation: Int { generations[0] ?? 0 }

    init(
        slots: Int = 1,
        _ change: (inout CoreLimits) -> Void = { _ in },
        policy: RestartPolicy.Limits = .init()
    ) throws {
        var limits = CoreLimits()
        limits.visualTokenBytes = 16
        change(&limits)
        let restart = RestartPolicy(decoderRanks: 1, limits: policy) { _ in false }
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        core = ServingCore(limits, tokenizer: tokenizer, policies: Array(repeating: restart, count: slots))
        feed(.began)
    }

    @discardableResult
    mutating func feed(_ input: CoreInput, after time: Duration = .milliseconds(1)) -> [CoreAction] {
        now += time
        let new = core.handle(input, now: now)
        for case .startGroup(let slot, let generation, _) in new { generations[slot] = generation }
        actions += new
        return new
    }

    mutating func report(
        _ report: LinkReport,
        rank: Int = 0,
        slot: Int = 0,
        after time: Duration = .milliseconds(1)
    ) {
        feed(.group(slot: slot, generation: generations[slot] ?? 0, .report(rank: rank, report)), after: time)
    }

    /// Every rank of the group that starts says that it is ready.
    mutating func ready(slot: Int = 0) {
        for rank in 0..<(1 + core.limits.visionRanks) {
            let hello = RankHello(rank: rank, worldSize: 2, role: .decoder, host: "h", machine: "m", pid: 1)
            feed(.group(slot: slot, generation: generations[slot] ?? 0, .joined(hello)))
            report(.ready(RankStats()), rank: rank, slot: slot)
        }
    }

    /// The group dies, and the next one is ready.
    mutating func lose() {
        feed(.group(slot: 0, generation: generation, .ended(Died())))
        feed(.tick, after: .seconds(31))
        feed(.surveyed(slot: 0, .init()))
        ready()
    }

    /// The group of a slot dies.
    ///
    /// - Returns: what is done at once.
    @discardableResult
    mutating func die(slot: Int) -> [CoreAction] {
        feed(.group(slot: slot, generation: generations[slot] ?? 0, .ended(Died())))
    }

    mutating func ask(
        _ ticket: Ticket,
        owner: Owner = 0,
        prompt: [Int32] = Array(repeating: 300, count: 20),
        pictures: [String] = [],
        sharing first: Ticket? = nil,
        _ change: (inout RequestOptions) -> Void = { _ in }
    ) {
        feed(.asked(ticket, owner: owner))
        var template = GenerateJob(id: "", promptIds: prompt)
        template.stopIds = [902]
        for (index, picture) in pictures.enumerated() {
            template.images.append(.init(number: 0, contentKey: picture, tiles: 2, start: 2 + 4 * index, count: 4))
        }
        var options = RequestOptions()
        change(&options)
        template.sampling = options.sampling
        let request = PreparedRequest(
            template: template,
            imageBytes: pictures.map { Array($0.utf8) },
            imageDigests: pictures,
            maxTiles: 10,
            stop: options.stop
        )
        var preparation = Preparation(options: options, request: request, pageTokens: 64)
        preparation.sharesPromptOf = first
        feed(.prepared(ticket, preparation))
    }

    mutating func tokens(_ ids: [Int32], of ticket: Ticket, slot: Int = 0) {
        var step = StepReport()
        step.tokens = ids.map { .init(id: "j\(ticket)", ids: [$0]) }
        step.load.running = 1
        report(.step(step), slot: slot)
    }

    /// How a request ended: a finish reason or a code; more than one would be a fault.
    func ends(of ticket: Ticket) -> [String] {
        actions.compactMap { action in
            guard case .send(let event, let to) = action, to == ticket else { return nil }
            switch event {
            case .ended(let ending): return ending.end.finish
            case .failed(let error, _): return error.code.rawValue
            default: return nil
            }
        }
    }

    /// The requests that the group has been handed, in order.
    var submitted: [String] {
        actions.compactMap { action in
            if case .submit(let job, _) = action { return job.id }
            return nil
        }
    }
}
