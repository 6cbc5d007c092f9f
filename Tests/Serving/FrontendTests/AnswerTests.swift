import Diagnostics
import Foundation
import Requests
import ServingCore
import TestSupport
import Testing
import Tokenization

@testable import Frontend

@Suite("A finished answer")
struct AnswerTests {
    /// A group whose answers are the tokens that it is given.
    final class ScriptedGroup: ServedGroup {
        private var news: [GroupNews] = [
            .joined(RankHello(rank: 0, worldSize: 1, role: .decoder, host: "h", machine: "m", pid: 1)),
            .report(rank: 0, .ready(RankStats())),
        ]
        private let ids: [Int32]

        init(_ ids: [Int32]) { self.ids = ids }

        func send(_ command: LinkCommand) {
            switch command {
            case .generate(let job):
                for id in ids {
                    var step = StepReport()
                    step.tokens = [StepReport.Tokens(id: job.id, ids: [id])]
                    news.append(.report(rank: 0, .step(step)))
                }
                news.append(.report(rank: 0, .finished(id: job.id, JobSummary(.stop))))
            default: break
            }
        }

        func encode(_ job: ImageJob, _ bytes: [UInt8]) {}
        func forget(_ images: [Int32]) {}
        func next(within limit: Duration) -> (news: GroupNews, attachment: Data)? {
            news.isEmpty ? nil : (news.removeFirst(), Data())
        }
        func tell(_ hear: @escaping @Sendable (GroupNews, Data) -> Void) -> Bool { false }
        func end(byForce: Bool) { news.append(.ended(nil)) }
    }

    static func answer(
        _ text: String,
        stop: [String] = []
    ) throws -> (Answer, pieces: (thinking: String, answer: String)) {
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        var job = GenerateJob(id: "a", promptIds: [1, 2, 3])
        job.sampling.maxTokens = 100
        let request = PreparedRequest(template: job, pictures: [], stop: stop)
        var options = RequestOptions()
        options.stop = stop
        var limits = CoreLimits()
        limits.visionRanks = 0
        var found: Answer?
        var pieces = (thinking: "", answer: "")
        var handlers = InProcessServing.Handlers()
        handlers.onEvent = { _, event in
            switch event {
            case .thinking(let piece): pieces.thinking += piece.text
            case .answer(let piece): pieces.answer += piece.text
            case .ended(let ending): found = Answer(ending, of: request, tokenizer: tokenizer)
            default: break
            }
        }
        let ids = tokenizer.encode(text, allowingControlTokens: true)
        let policy = RestartPolicy(decoderRanks: 1) { _ in false }
        let serving = InProcessServing(limits, tokenizer: tokenizer, policies: [policy], handlers: handlers) { _ in
            ScriptedGroup(ids)
        }
        var requests = [Preparation(options: options, request: request, pageTokens: 64)]
        try serving.run(inFlight: 1) { requests.popLast() }
        return (try #require(found), pieces)
    }

    @Test("reasoning, answer and box are told apart; the end token is in the tokens only")
    func partsOfAnAnswer() throws {
        let (answer, pieces) = try Self.answer("<think>7 + 5 is 12.</think>\\boxed{12}<|im_end|>")
        #expect(answer.thinking == "7 + 5 is 12.")
        #expect(answer.answer == "\\boxed{12}")
        #expect(answer.boxed == "12")
        #expect(answer.text == "<think>7 + 5 is 12.</think>\\boxed{12}")
        #expect(answer.tokens.last == 902)
        #expect(pieces.answer == answer.answer)
    }

    @Test("a stop string ends the answer and is not part of it")
    func stopString() throws {
        let (answer, pieces) = try Self.answer("<think>b</think>the model sees a picture", stop: ["sees"])
        #expect(answer.finish == "stop_string")
        #expect(answer.answer == "the model ")
        #expect(answer.text == "<think>b</think>the model ")
        #expect(pieces.thinking + pieces.answer == "bthe model ")
    }

    @Test("the JSON object has the documented keys")
    func keys() throws {
        let json = try Self.answer("hello").0.json
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "prompt_tokens", "input_ids", "tiles", "tokens", "text", "thinking", "answer", "boxed", "finish",
                "timing",
            ]
        )
        let timing = try #require(object["timing"] as? [String: Any])
        #expect(
            Set(timing.keys) == [
                "queue_ms", "vision_ms", "prefill_ms", "ttft_ms", "decode_ms", "total_ms", "tokens_per_second",
                "decode_steps",
            ]
        )
    }
}
