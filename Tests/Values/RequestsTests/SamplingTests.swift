import Diagnostics
import Requests
import Testing

@Suite("Values of a request are checked in one place")
struct SamplingTests {
    @Test("the defaults are right, and values outside their range are named")
    func ranges() throws {
        try RequestOptions().check()
        let wrong: [(String, (inout RequestOptions) -> Void)] = [
            ("max_tokens", { $0.sampling.maxTokens = 0 }), ("temperature", { $0.sampling.temperature = -1 }),
            ("temperature", { $0.sampling.temperature = .nan }), ("top_k", { $0.sampling.topK = -1 }),
            ("top_p", { $0.sampling.topP = 0 }), ("min_p", { $0.sampling.minP = 1.5 }),
            ("repetition_penalty", { $0.sampling.repetitionPenalty = 0 }),
            ("presence_penalty", { $0.sampling.presencePenalty = 2.5 }),
            ("frequency_penalty", { $0.sampling.frequencyPenalty = -2.5 }),
            ("logit_bias", { $0.sampling.logitBias = [.init(id: 3, bias: 101)] }),
            ("logit_bias", { $0.sampling.logitBias = (0...300).map { .init(id: $0, bias: 1) } }),
            ("stop", { $0.stop = [""] }), ("stop", { $0.stop = Array(repeating: "a", count: 17) }),
            ("think_budget", { $0.thinkBudget = -1 }), ("max_tiles", { $0.maxTiles = 65 }),
            ("logprobs", { $0.logprobs = 21 }), ("deadline_ms", { $0.deadlineMilliseconds = 0 }),
        ]
        for (name, change) in wrong {
            var options = RequestOptions()
            change(&options)
            let error = #expect(throws: UsageError.self) { try options.check() }
            #expect(error?.description.contains(name) == true, "\(name): \(error?.description ?? "")")
        }
    }
}
