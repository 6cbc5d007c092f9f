package import Requests

/// A chat's answer that is sent as it comes.
///
/// The status goes out with ACK: what can be refused is refused with a status of its own.
package struct ChatStream: AnswerWriter {
    private let frame: AnswerFrame
    private let request: ChatRequest
    private var choices: [ChoiceState]
    private var hasBegun = false
    private var isOver = false
    /// What stands in front of the choices of every chunk.
    private let start: [UInt8]

    package init(_ frame: AnswerFrame, _ request: ChatRequest) {
        self.frame = frame
        self.request = request
        choices = Array(repeating: ChoiceState(), count: request.count)
        let object = JSONBytes.object { json in
            json.member("id", frame.id)
            json.member("object", "chat.completion.chunk")
            json.member("created", frame.created)
            json.member("model", frame.model)
            json.member("system_fingerprint", frame.fingerprint)
            json.key("choices")
        }
        start = Array("data: ".utf8) + object.dropLast()
    }

    package mutating func quiet() -> [AnswerOutput] {
        hasBegun && !isOver ? [.event(EventText.comment("waiting"))] : []
    }

    package mutating func take(_ event: RequestEvent, choice: Int) -> [AnswerOutput] {
        guard !isOver else { return [] }
        switch event {
        case .accepted(let ack): return begin(choice, ack)
        case .progress(let progress):
            if request.tellsProgress { return [.event(EventText.event("progress", progress.json))] }
            return [.event(EventText.comment(progress.comment))]
        case .thinking(let piece): return thinking(piece, choice)
        case .answer(let piece): return answer(piece, choice)
        case .ended(let ending):
            guard ending.end.finish != FinishReason.cancelled.rawValue else { return fail(.draining) }
            return end(ending.end, choice)
        case .failed(let error, _): return fail(APIError(error, contextTokens: frame.contextTokens))
        }
    }

    private mutating func begin(_ choice: Int, _ ack: Ack) -> [AnswerOutput] {
        choices[choice].ack = ack
        let first = chunk(choice) { json in
            json.member("role", "assistant")
            json.member("content", "")
        }
        if hasBegun { return [first] }
        hasBegun = true
        return [.begin(EventText.fields + request.ignoredFields), first]
    }

    private mutating func thinking(_ piece: Piece, _ choice: Int) -> [AnswerOutput] {
        let logprobs = logprobs(piece)
        guard request.reasoning != .hidden, !piece.text.isEmpty || !logprobs.isEmpty else { return [] }
        let text = piece.text
        guard request.reasoning == .inline else {
            return [
                chunk(choice, reasoning: logprobs) { json in
                    json.member("reasoning_content", text)
                    json.member("reasoning", text)
                }
            ]
        }
        let tag = choices[choice].isThinkingOpen ? "" : ThinkTags.open
        choices[choice].isThinkingOpen = true
        return [chunk(choice, reasoning: logprobs) { $0.member("content", tag + text) }]
    }

    private mutating func answer(_ piece: Piece, _ choice: Int) -> [AnswerOutput] {
        let logprobs = logprobs(piece)
        guard !piece.text.isEmpty || !logprobs.isEmpty else { return [] }
        let text = closingTag(choice) + piece.text
        return [chunk(choice, content: logprobs) { $0.member("content", text) }]
    }

    private mutating func closingTag(_ choice: Int) -> String {
        defer { choices[choice].isThinkingOpen = false }
        return choices[choice].isThinkingOpen ? ThinkTags.close : ""
    }

    private func logprobs(_ piece: Piece) -> [UInt8] {
        guard let top = request.topLogprobs, let logprobs = piece.logprobs else { return [] }
        var json = JSONBytes()
        json.append(logprobs, top: top, frame.tokenBytes)
        return json.bytes
    }

    private mutating func end(_ end: End, _ choice: Int) -> [AnswerOutput] {
        let tag = closingTag(choice)
        choices[choice].end = end
        var output = tag.isEmpty ? [] : [chunk(choice) { $0.member("content", tag) }]
        output.append(chunk(choice, isLast: true) { _ in })
        guard choices.allSatisfy({ $0.end != nil }) else { return output }
        isOver = true
        if request.includesUsage {
            var json = JSONBytes(behind: start, room: 256)
            json.array { _ in }
            json.object("usage") { $0.usage(choices) }
            output.append(.event(json.closed(by: "}\n\n")))
        }
        return output + [.event(EventText.done), .finish]
    }

    private mutating func fail(_ error: APIError) -> [AnswerOutput] {
        isOver = true
        guard hasBegun else { return [.reply(error.reply)] }
        return [.event(EventText.data(error.json)), .event(EventText.done), .finish]
    }

    /// A chunk with one choice.
    private func chunk(
        _ choice: Int,
        content: [UInt8] = [],
        reasoning: [UInt8] = [],
        isLast: Bool = false,
        _ delta: (inout JSONBytes) -> Void
    ) -> AnswerOutput {
        // One buffer for all of it: this is made for every token of every client.
        var json = JSONBytes(behind: start, room: 192 + content.count + reasoning.count)
        json.array { json in
            json.object { json in
                json.member("index", choice)
                json.object("delta", delta)
                if content.isEmpty, reasoning.isEmpty {
                    json.null("logprobs")
                } else {
                    json.object("logprobs") { json in
                        if content.isEmpty { json.null("content") }
                        if !content.isEmpty { json.array("content") { $0.raw(content) } }
                        json.null("refusal")
                        if !reasoning.isEmpty { json.array("reasoning") { $0.raw(reasoning) } }
                    }
                }
                json.member("finish_reason", isLast ? choices[choice].finishReason : nil)
                if isLast, choices.count > 1 { json.object("flotilla") { choices[choice].flotilla(&$0) } }
            }
        }
        if request.includesUsage { json.null("usage") }
        if isLast { json.object("flotilla") { choices[choice].flotilla(&$0) } }
        return .event(json.closed(by: "}\n\n"))
    }
}
