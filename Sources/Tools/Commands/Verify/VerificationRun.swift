import Checkpoints
import Diagnostics
import Digests
import Foundation
import Frontend
import RankProgram
import Requests
import ServingCore
import Tokenization

/// One run of `flotilla verify`: holds receipts against this model and these pictures, and has a group compute the answers
/// of those against which nothing stands.
struct VerificationRun {
    /// What came of a receipt.
    struct Outcome {
        /// `nil`: it is confirmed.
        var doubt: ReceiptDoubt?
        /// Of computing it, where it was.
        var milliseconds = 0.0
    }

    private let run: GenerationRun
    /// Whether the cache is as large as the longest receipt asks.
    private let fitsContext: Bool
    private let options: RankOptions
    private let origin: Receipt.Origin

    /// - Parameter receipts: the first says the formats where the command line does not.
    init(
        model: URL,
        group: GroupOptions,
        launch: LaunchOptions,
        restarts: Int,
        for receipts: [PlacedReceipt]
    ) throws {
        run = try GenerationRun(model: model, group: group, launch: launch, groups: 1, restarts: restarts)
        fitsContext = group.context == nil
        let checkpoint = run.checkpoint
        var options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: 1,
            maxSequences: 1,
            hosts: launch.hosts()
        )
        if let claimed = receipts.first?.receipt.computation { options.adopt(claimed, group, checkpoint) }
        let pictured = receipts.map(\.receipt).first { !$0.pictures.isEmpty }
        if group.visionFormat == nil, let claimed = pictured?.computation.visionFormat {
            options.visionFormat = VisionFormat(rawValue: claimed)
        }
        if options.speculation != .off { options.speculation = .claimed }
        self.options = options
        origin = try Receipt.Origin(checkpoint, run.preparer.tokenizer, options)
    }

    var tokenizer: Tokenizer { run.preparer.tokenizer }

    /// What comes of each receipt.
    ///
    /// - Parameter pictures: the bytes of those that were given.
    func outcomes(of receipts: [PlacedReceipt], pictures: [[UInt8]]) throws -> [Outcome] {
        let byDigest = Dictionary(pictures.map { (SHA256.hex($0), $0) }) { first, _ in first }
        var outcomes = receipts.map { placed in
            Outcome(doubt: placed.receipt.doubt(against: origin, pictures: Set(byDigest.keys)))
        }
        var prepared: [(place: Int, request: PreparedRequest)] = []
        for (place, placed) in receipts.enumerated() where outcomes[place].doubt == nil {
            do {
                prepared.append((place, try run.preparer.prepare(placed.receipt, pictures: byDigest)))
            } catch let doubt as ReceiptDoubt {
                outcomes[place].doubt = doubt
            } catch let error as UsageError {
                throw UsageError("\(placed.place): \(error.description)", hint: error.hint)
            }
        }
        if !prepared.isEmpty { try compute(prepared, receipts, &outcomes) }
        return outcomes
    }

    private func compute(
        _ prepared: [(place: Int, request: PreparedRequest)],
        _ receipts: [PlacedReceipt],
        _ outcomes: inout [Outcome]
    ) throws {
        var options = options
        if fitsContext { options.cacheTokens = prepared.map(\.request.longest).max() ?? 1 }
        var found: [Ticket: Ending] = [:]
        var handlers = InProcessServing.Handlers()
        handlers.onEvent = { ticket, event in
            switch event {
            case .ended(let ending): found[ticket] = ending
            case .failed(let error, let cause): throw RequestFailedError(error: error, cause: cause)
            case .accepted, .progress, .thinking, .answer: break
            }
        }
        var next = 0
        try run.serve(options, inFlight: 1, handlers) {
            guard next < prepared.count else { return nil }
            let (place, request) = prepared[next]
            next += 1
            let asked = try receipts[place].receipt.request.options()
            return Preparation(options: asked, request: request, pageTokens: RankOptions.pageTokens)
        }
        // Tickets count from 1, in the order in which requests were handed over.
        let tokenizer = tokenizer
        for (number, (place, _)) in prepared.enumerated() {
            guard let ending = found[number + 1] else { continue }
            let finish = FinishReason(rawValue: ending.end.finish) ?? .cancelled
            outcomes[place].doubt = receipts[place].receipt
                .doubt(computed: ending.tokens, finish: finish) { "\($0) \(tokenizer.decode([$0]).debugDescription)" }
            outcomes[place].milliseconds = ending.end.timing.totalMilliseconds
        }
    }
}

extension RankOptions {
    /// Takes the formats of a receipt where the command line has none; what this checkpoint cannot do is left as it is, and
    /// doubted later.
    fileprivate mutating func adopt(_ claimed: Receipt.Computation, _ group: GroupOptions, _ checkpoint: Checkpoint) {
        if group.format == nil, let format = WeightFormat(rawValue: claimed.format),
            (try? checkpoint.format(asked: format)) != nil
        {
            self.format = format
        }
        if group.kv == nil, let known = Self.cacheElements.first(where: { $0.name == claimed.kv }) {
            cacheElement = known.element
        }
    }
}
