package import Diagnostics
package import Foundation
internal import GroupLink
package import Tokenization
package import Requests

/// A request that the group could not answer.
package struct RequestFailedError: OperatorError {
    package let id: String
    package let failure: RankFailure

    package var description: String { failure.message }
    package var hint: String? { failure.hint }
    package var exitCode: ExitCode { ExitCode(rawValue: failure.exitCode) ?? .internalError }
}

/// Sends requests to a group, a few at a time, and builds their answers.
package final class GenerationSession {
    /// What the session tells while it runs; each is called on the session's thread.
    package struct Handlers {
        package var onPiece: (_ id: String, AnswerStream.Segment) -> Void = { _, _ in }
        package var onTrace: (TraceTensor, Data) -> Void = { _, _ in }
        package var onAnswer: (_ id: String, Result<Answer, RequestFailedError>) throws -> Void = { _, _ in }

        package init() {}
    }

    private let backend: any GenerationBackend
    private let tokenizer: Tokenizer
    private let handlers: Handlers
    private var open: [String: AnswerBuilder] = [:]
    private var images: [String: [Int32]] = [:]
    private var nextImage: Int32 = 0

    package init(_ backend: any GenerationBackend, tokenizer: Tokenizer, handlers: Handlers) {
        self.backend = backend
        self.tokenizer = tokenizer
        self.handlers = handlers
    }

    /// Waits until every rank has loaded its shard.
    package func waitUntilReady(onLoading: (_ done: Int, _ total: Int) -> Void) throws -> [RankStats] {
        while true {
            switch try backend.next(within: .seconds(1)) {
            case .loading(let done, let total): onLoading(done, total)
            case .ready(let stats): return stats
            default: continue
            }
        }
    }

    /// Runs all requests.
    ///
    /// - Parameters:
    ///   - inFlight: requests that the group works on at once.
    ///   - next: the next request, `nil` when there are no more; called only when there is room for one.
    package func run(inFlight: Int, next: () throws -> PreparedRequest?) throws {
        var isDrained = false
        while true {
            while !isDrained, open.count < inFlight {
                guard let request = try next() else {
                    isDrained = true
                    break
                }
                submit(request)
            }
            if isDrained && open.isEmpty { return }
            if case .report(let report, let attachment) = try backend.next(within: .seconds(1)) {
                try take(report, attachment)
            }
        }
    }

    private func submit(_ request: PreparedRequest) {
        open[request.id] = AnswerBuilder(request, tokenizer: tokenizer)
        let numbers = request.tiles.indices.map { nextImage + Int32($0) }
        nextImage += Int32(numbers.count)
        images[request.id] = numbers
        let jobs = zip(numbers, request.imageBytes).map { number, bytes in
            (job: ImageJob(number: number, maxTiles: request.maxTiles), bytes: Data(bytes))
        }
        backend.submit(request.job(numbers: numbers, isComing: numbers.map { _ in true }), images: jobs)
    }

    private func take(_ report: LinkReport, _ attachment: Data) throws {
        switch report {
        case .step(let step):
            for tokens in step.tokens { take(tokens) }
        case .trace(let tensor):
            handlers.onTrace(tensor, attachment)
        case .finished(let id, let summary):
            guard var builder = close(id) else { return }
            for piece in builder.finish() { handlers.onPiece(id, piece) }
            try handlers.onAnswer(id, .success(builder.result(summary)))
        case .failed(let failure):
            let owner = images.first { $0.value.contains(failure.image ?? -1) }?.key
            guard let id = failure.id ?? owner, close(id) != nil else { return }
            backend.cancel(id: id)
            try handlers.onAnswer(id, .failure(RequestFailedError(id: id, failure: failure)))
        default:
            return
        }
    }

    private func take(_ tokens: StepReport.Tokens) {
        guard var builder = open[tokens.id] else { return }
        let hadMatched = builder.hasMatchedStop
        for piece in builder.append(tokens) { handlers.onPiece(tokens.id, piece) }
        if builder.hasMatchedStop && !hadMatched { backend.cancel(id: tokens.id) }
        open[tokens.id] = builder
    }

    /// A request has ended: nobody refers to its pictures any more.
    private func close(_ id: String) -> AnswerBuilder? {
        guard let builder = open.removeValue(forKey: id) else { return nil }
        if let numbers = images.removeValue(forKey: id), !numbers.isEmpty { backend.forget(images: numbers) }
        return builder
    }
}
