package import Requests

/// A chat's answer that is sent whole.
package struct ChatAnswer: AnswerWriter {
    private let frame: AnswerFrame
    private let request: ChatRequest
    private var choices: [ChoiceState]
    private var isOver = false

    package init(_ frame: AnswerFrame, _ request: ChatRequest) {
        self.frame = frame
        self.request = request
        choices = Array(repeating: ChoiceState(), count: request.count)
    }

    package mutating func quiet() -> [AnswerOutput] { [] }

    package mutating func take(_ event: RequestEvent, choice: Int) -> [AnswerOutput] {
        guard !isOver else { return [] }
        let top = request.topLogprobs ?? 0
        switch event {
        case .accepted(let ack): choices[choice].ack = ack
        case .progress: break
        case .thinking(let piece):
            choices[choice].reasoningLogprobs.append(piece.logprobs ?? [], top: top, frame.tokenBytes)
        case .answer(let piece):
            choices[choice].contentLogprobs.append(piece.logprobs ?? [], top: top, frame.tokenBytes)
        case .ended(let ending):
            guard ending.end.finish != FinishReason.cancelled.rawValue else { return over(APIError.draining.reply) }
            choices[choice].end = ending.end
            if choices.allSatisfy({ $0.end != nil }) { return over(whole) }
        case .failed(let error, _):
            return over(APIError(error, contextTokens: frame.contextTokens).reply)
        }
        return []
    }

    private mutating func over(_ reply: HTTPReply) -> [AnswerOutput] {
        isOver = true
        return [.reply(reply)]
    }

    private var whole: HTTPReply {
        let body = JSONBytes.object { json in
            json.member("id", frame.id)
            json.member("object", "chat.completion")
            json.member("created", frame.created)
            json.member("model", frame.model)
            json.member("system_fingerprint", frame.fingerprint)
            json.array("choices") { json in
                for index in choices.indices { json.object { write(index, &$0) } }
            }
            json.object("usage") { $0.usage(choices) }
            json.object("flotilla") { choices[0].flotilla(&$0) }
        }
        return HTTPReply(fields: request.ignoredFields, json: body)
    }

    private func write(_ index: Int, _ json: inout JSONBytes) {
        let choice = choices[index]
        json.member("index", index)
        json.object("message") { message(choice, &$0) }
        if request.topLogprobs == nil {
            json.null("logprobs")
        } else {
            json.object("logprobs") { json in
                json.array("content") { $0.raw(nonEmpty: choice.contentLogprobs.bytes) }
                json.null("refusal")
                let reasoning = request.reasoning == .hidden ? [] : choice.reasoningLogprobs.bytes
                if !reasoning.isEmpty { json.array("reasoning") { $0.raw(nonEmpty: reasoning) } }
            }
        }
        json.member("finish_reason", choice.finishReason)
        if choices.count > 1 { json.object("flotilla") { choice.flotilla(&$0) } }
    }

    private func message(_ choice: ChoiceState, _ json: inout JSONBytes) {
        let (text, thinking) = (choice.end?.text ?? "", choice.end?.thinking ?? "")
        json.member("role", "assistant")
        let isInline = request.reasoning == .inline && !thinking.isEmpty
        json.member("content", isInline ? ThinkTags.open + thinking + ThinkTags.close + text : text)
        if request.reasoning == .apart, !thinking.isEmpty {
            json.member("reasoning_content", thinking)
            json.member("reasoning", thinking)
        }
        json.null("refusal")
    }
}

/// What stands around reasoning that is part of the answer's text.
enum ThinkTags {
    static let open = "<think>"
    static let close = "</think>"
}

extension JSONBytes {
    mutating func raw(nonEmpty json: [UInt8]) { if !json.isEmpty { raw(json) } }
}
