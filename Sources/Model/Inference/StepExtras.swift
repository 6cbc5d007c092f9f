internal import Requests

/// What a step's logits came to besides tokens, sorted by whom it concerns.
struct StepExtras {
    var traces: [Leader.Trace] = []
    /// By job, one for each of its tokens.
    private var logprobs: [String: [Logprobs]] = [:]

    init(_ results: [ChosenToken], _ scheduler: Scheduler) {
        for result in results {
            if let logits = result.logits {
                traces.append(.logits(id: scheduler.sequence(ofRun: result.run).job.id, logits))
            }
            if let logprobs = result.logprobs {
                self.logprobs[scheduler.sequence(ofRun: result.run).job.id, default: []].append(logprobs)
            }
        }
    }

    /// The log-probabilities are of the tokens that were taken, which the think guard may have replaced.
    func attachLogprobs(to report: inout StepReport) {
        guard !logprobs.isEmpty else { return }
        for index in report.tokens.indices {
            let tokens = report.tokens[index]
            guard let logprobs = logprobs[tokens.id] else { continue }
            report.tokens[index].logprobs = zip(logprobs, tokens.ids).map { $0.of($1) }
        }
    }
}
