import Foundation
import GroupLink
import Requests
import TestSupport
import Testing
import Tokenization

@testable import Frontend

@Suite("Building an answer")
struct AnswerBuilderTests {
    static func answer(_ text: String, stop: [String] = []) throws -> (Answer, pieces: [AnswerStream.Segment]) {
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        var job = GenerateJob(id: "a", promptIds: [1, 2, 3])
        job.sampling.maxTokens = 100
        let request = PreparedRequest(template: job, imageBytes: [], imageDigests: [], maxTiles: 10, stop: stop)
        var builder = AnswerBuilder(request, tokenizer: tokenizer)
        var pieces: [AnswerStream.Segment] = []
        for id in tokenizer.encode(text, allowingControlTokens: true) where !builder.hasMatchedStop {
            pieces += builder.append(StepReport.Tokens(id: "a", ids: [id]))
        }
        pieces += builder.finish()
        return (builder.result(JobSummary(.stop)), pieces)
    }

    @Test("reasoning, answer and box are told apart; the end token is in the tokens only")
    func partsOfAnAnswer() throws {
        let (answer, pieces) = try Self.answer("<think>7 + 5 is 12.</think>\\boxed{12}<|im_end|>")
        #expect(answer.thinking == "7 + 5 is 12.")
        #expect(answer.answer == "\\boxed{12}")
        #expect(answer.boxed == "12")
        #expect(answer.text == "<think>7 + 5 is 12.</think>\\boxed{12}")
        #expect(answer.tokens.last == 902)
        #expect(pieces.filter { $0.part == .answer }.map(\.text).joined() == answer.answer)
    }

    @Test("a stop string ends the answer and is not part of it")
    func stopString() throws {
        let (answer, pieces) = try Self.answer("<think>b</think>the model sees a picture", stop: ["sees"])
        #expect(answer.finish == "stop_string")
        #expect(answer.answer == "the model ")
        #expect(answer.text == "<think>b</think>the model ")
        #expect(pieces.map(\.text).joined() == "bthe model ")
    }

    @Test("the JSON object has the documented keys")
    func keys() throws {
        let json = try Self.answer("hello").0.json()
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
            ]
        )
    }
}
