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
    var generation = 0

    init(_ change: (inout CoreLimits) -> Void = { _ in }, policy: RestartPolicy.Limits = .init()) throws {
        var limits = CoreLimits()
        limits.visualTokenBytes = 16
        change(&limits)
        let restart = RestartPolicy(decoderRanks: 1, limits: policy) { _ in false }
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        core = ServingCore(limits, tokenizer: tokenizer, policies: [restart])
        feed(.began)
    }

    @discardableResult
    mutating func feed(_ input: CoreInput, after time: Duration = .milliseconds(1)) -> [CoreAction] {
        now += time
        let new = core.handle(input, now: now)
        for case .startGroup(_, let generation, _) in new { self.generation = generation }
        actions += new
        return new
    }

    mutating func report(_ report: LinkReport, rank: Int = 0, after time: Duration = .milliseconds(1)) {
        feed(.group(slot: 0, generation: generation, .report(rank: rank, report)), after: time)
    }

    /// Every rank of the group that starts says that it is ready.
    mutating func ready() {
        for rank in 0..<(1 + core.limits.visionRanks) {
            let hello = RankHello(rank: rank, worldSize: 2, role: .decoder, host: "h", machine: "m", pid: 1)
            feed(.group(slot: 0, generation: generation, .joined(hello)))
            report(.ready(RankStats()), rank: rank)
        }
    }

    /// The group dies, and the next one is ready.
    mutating func lose() {
        feed(.group(slot: 0, generation: generation, .ended(Died())))
        feed(.tick, after: .seconds(31))
        feed(.surveyed(slot: 0, .init()))
        ready()
    }

    mutating func ask(
        _ ticket: Ticket,
        owner: Owner = 0,
        pictures: [String] = [],
        _ change: (inout RequestOptions) -> Void = { _ in }
    ) {
        feed(.asked(ticket, owner: owner))
        var template = GenerateJob(id: "", promptIds: Array(repeating: 300, count: 20))
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
        feed(.prepared(ticket, Preparation(options: options, request: request, pageTokens: 64)))
    }

    mutating func tokens(_ ids: [Int32], of ticket: Ticket) {
        var step = StepReport()
        step.tokens = ids.map { .init(id: "j\(ticket)", ids: [$0]) }
        step.load.running = 1
        report(.step(step))
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
