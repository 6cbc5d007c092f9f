import Foundation
import Requests
import Testing

@testable import OpenAIProtocol

/// What tests of the API begin with.
enum Samples {
    static let rules = ChatRules(
        models: ModelNames(id: "lab/demo", aliases: ["gpt-4o"]),
        think: .auto,
        maxAnswer: nil,
        allowsPaths: false,
        maxPicture: 1000
    )

    static let frame = AnswerFrame(
        id: "chatcmpl-1",
        created: 1_700_000_000,
        model: "demo",
        fingerprint: "fp_1",
        contextTokens: 4096,
        tokenBytes: { Array("t\($0)".utf8) }
    )

    /// A request with one question and these members besides, as JSON without braces.
    static func body(_ members: String = "") -> [UInt8] {
        let comma = members.isEmpty ? "" : ","
        return Array(#"{"messages":[{"role":"user","content":"hello"}]\#(comma)\#(members)}"#.utf8)
    }

    static func request(_ members: String = "", _ rules: ChatRules = rules) throws -> ChatRequest {
        try ChatRequest(json: body(members), rules)
    }

    static func error(_ members: String = "", _ rules: ChatRules = rules) -> APIError? {
        do throws(APIError) {
            _ = try ChatRequest(json: body(members), rules)
            return nil
        } catch {
            return error
        }
    }

    static func error(json: String, _ rules: ChatRules = rules) -> APIError? {
        do throws(APIError) {
            _ = try ChatRequest(json: Array(json.utf8), rules)
            return nil
        } catch {
            return error
        }
    }

    static func end(_ text: String, thinking: String = "", finish: String = "stop", generated: Int = 5) -> RequestEvent
    {
        var usage = End.Usage()
        (usage.prompt, usage.image, usage.cached, usage.thinking) = (20, 16, 4, thinking.isEmpty ? 0 : 2)
        usage.generated = generated
        let end = End(
            finish: finish,
            text: text,
            thinking: thinking,
            boxed: nil,
            usage: usage,
            timing: End.Timing(),
            seed: 7
        )
        return .ended(Ending(end: end, tokens: [], logprobs: []))
    }

    static let ack = RequestEvent.accepted(
        Ack(queued: 2, promptTokens: 20, imageTokens: 16, tiles: [1], cachedTokens: 4, seed: 7)
    )

    /// The objects behind `data:` of a stream, and its other lines.
    static func events(_ output: [AnswerOutput]) throws -> (data: [[String: Any]], lines: [String]) {
        var data: [[String: Any]] = []
        var lines: [String] = []
        for case .event(let bytes) in output {
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.hasSuffix("\n\n"))
            for line in text.dropLast(2).split(separator: "\n") {
                guard line.hasPrefix("data: {") else {
                    lines.append(String(line))
                    continue
                }
                data.append(try object(Array(line.dropFirst(6).utf8)))
            }
        }
        return (data, lines)
    }

    static func object(_ json: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    }
}
