package import Diagnostics
package import Foundation
package import GroupLink
package import Tokenization

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
        package var onPiece: (_ id: String, ThinkSplitter.Piece) -> Void = { _, _ in }
        package var onTrace: (TraceTensor, Data) -> Void = { _, _ in }
        package var onAnswer: (_ id: String, Result<Answer, RequestFailedError>) throws -> Void = { _, _ in }

        package init() {}
    }

    private let backend: any GenerationBackend
    private let tokenizer: Tokenizer
    private let handlers: Handlers
    private var open: [String: AnswerBuilder] = [:]

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
                open[request.job.id] = AnswerBuilder(request, tokenizer: tokenizer)
                backend.submit(request.job, images: request.images)
            }
            if isDrained && open.isEmpty { return }
            if case .report(let report, let attachment) = try backend.next(within: .seconds(1)) {
                try take(report, attachment)
            }
        }
    }

    private func take(_ report: LinkReport, _ attachment: Data) throws {
        switch report {
        case .tokens(let id, let ids):
            guard var builder = open[id] else { return }
            let hadMatched = builder.hasMatchedStop
            for piece in builder.append(ids) { handlers.onPiece(id, piece) }
            if builder.hasMatchedStop && !hadMatched { backend.cancel(id: id) }
            open[id] = builder
        case .trace(let tensor):
            handlers.onTrace(tensor, attachment)
        case .finished(let id, let summary):
            guard var builder = open.removeValue(forKey: id) else { return }
            for piece in builder.finish() { handlers.onPiece(id, piece) }
            try handlers.onAnswer(id, .success(builder.result(summary)))
        case .failed(let failure):
            guard let id = failure.id, open.removeValue(forKey: id) != nil else { return }
            backend.cancel(id: id)
            try handlers.onAnswer(id, .failure(RequestFailedError(id: id, failure: failure)))
        default:
            return
        }
    }
}
