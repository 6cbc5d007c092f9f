package import Requests
internal import WireProtocol

/// An answer of the Responses API, whole or as its events.
package struct ResponseAnswer: AnswerWriter {
    private let frame: AnswerFrame
    private let request: ChatRequest
    private var choice = ChoiceState()
    private var items: [ResponseItem] = []
    private var hasBegun = false
    private var isOver = false
    /// Of the next event.
    private var number = 0

    package init(_ frame: AnswerFrame, _ request: ChatRequest) {
        self.frame = frame
        self.request = request
    }

    package mutating func quiet() -> [AnswerOutput] {
        hasBegun && !isOver ? [.event(EventText.comment("waiting"))] : []
    }

    package mutating func take(_ event: RequestEvent, choice: Int) -> [AnswerOutput] {
        guard !isOver else { return [] }
        switch event {
        case .accepted(let ack): return begin(ack)
        case .progress(let progress): return hasBegun ? [.event(EventText.comment(progress.comment))] : []
        case .thinking(let piece):
            if request.reasoning == .hidden { return [] }
            return add(piece, to: request.reasoning == .inline ? .message : .reasoning, isThinking: true)
        case .answer(let piece): return add(piece, to: .message, isThinking: false)
        case .ended(let ending):
            guard ending.end.finish != FinishReason.cancelled.rawValue else { return fail(.draining) }
            return end(ending.end)
        case .failed(let error, _): return fail(APIError(error, contextTokens: frame.contextTokens))
        }
    }

    private mutating func begin(_ ack: Ack) -> [AnswerOutput] {
        choice.ack = ack
        guard request.wantsStream else { return [] }
        hasBegun = true
        return [.begin(EventText.fields + request.ignoredFields)]
            + ["response.created", "response.in_progress"].map { name in
                event(name) { json, answer in json.object("response") { answer.response(&$0, status: "in_progress") } }
            }
    }

    private mutating func add(_ piece: Piece, to kind: ResponseItem.Kind, isThinking: Bool) -> [AnswerOutput] {
        var output = open(kind)
        var text = piece.text
        if kind == .message {
            if isThinking != choice.isThinkingOpen { text = (isThinking ? ThinkTags.open : ThinkTags.close) + text }
            choice.isThinkingOpen = isThinking
        }
        output += append(text, piece)
        return output
    }

    private mutating func append(_ text: String, _ piece: Piece?) -> [AnswerOutput] {
        var logprobs = JSONBytes()
        if let top = request.topLogprobs { logprobs.append(piece?.logprobs ?? [], top: top, frame.tokenBytes) }
        guard !text.isEmpty || !logprobs.bytes.isEmpty else { return [] }
        let index = items.count - 1
        items[index].text += text
        items[index].logprobs.raw(nonEmpty: logprobs.bytes)
        let item = items[index]
        return tell("\(item.eventName).delta", index) { json in
            json.member("delta", text)
            if item.kind == .message { json.array("logprobs") { $0.raw(nonEmpty: logprobs.bytes) } }
        }
    }

    // MARK: - Items

    /// Sees to it that the last item is of a kind.
    private mutating func open(_ kind: ResponseItem.Kind) -> [AnswerOutput] {
        if items.last?.kind == kind { return [] }
        var output = closeItem(status: "completed")
        let name = frame.id.drop { $0 != "_" }
        items.append(ResponseItem(kind: kind, id: (kind == .reasoning ? "rs" : "msg") + name + "_\(items.count)"))
        let item = items[items.count - 1]
        output += tell("response.output_item.added", items.count - 1, isOfPart: false) { json in
            json.object("item") { item.write(&$0, status: "in_progress") }
        }
        output += tell("response.content_part.added", items.count - 1) { json in
            json.object("part") { item.part(&$0, isEmpty: true) }
        }
        return output
    }

    private mutating func closeItem(status: String) -> [AnswerOutput] {
        guard let item = items.last, !item.isComplete else { return [] }
        let index = items.count - 1
        items[index].isComplete = true
        var output = tell("\(item.eventName).done", index) { json in
            json.member("text", item.text)
            if item.kind == .message { json.array("logprobs") { $0.raw(nonEmpty: item.logprobs.bytes) } }
        }
        output += tell("response.content_part.done", index) { json in json.object("part") { item.part(&$0) } }
        output += tell("response.output_item.done", index, isOfPart: false) { json in
            json.object("item") { item.write(&$0, status: status) }
        }
        return output
    }

    /// An event about an item, or the one part of its content.
    private mutating func tell(
        _ name: String,
        _ index: Int,
        isOfPart: Bool = true,
        _ body: (inout JSONBytes) -> Void
    ) -> [AnswerOutput] {
        guard request.wantsStream else { return [] }
        let id = items[index].id
        return [
            event(name) { json, _ in
                if isOfPart { json.member("item_id", id) }
                json.member("output_index", index)
                if isOfPart { json.member("content_index", 0) }
                body(&json)
            }
        ]
    }

    /// - Parameter body: writes what the event says besides its name, from the answer as it stands.
    private mutating func event(_ name: String, _ body: (inout JSONBytes, Self) -> Void) -> AnswerOutput {
        let answer = self
        let json = JSONBytes.object { json in
            json.member("type", name)
            json.member("sequence_number", answer.number)
            body(&json, answer)
        }
        number += 1
        return .event(EventText.event(name, json))
    }

    // MARK: - Ends

    private mutating func end(_ end: End) -> [AnswerOutput] {
        var output: [AnswerOutput] = []
        if items.isEmpty, !request.wantsStream { fill(end) }
        // An answer that was cut off while the model was thinking has an empty text, and not none.
        if items.last?.kind != .message { output += open(.message) }
        if choice.isThinkingOpen { output += append(ThinkTags.close, nil) }
        choice.end = end
        isOver = true
        let status = choice.finishReason == "stop" ? "completed" : "incomplete"
        output += closeItem(status: status)
        guard request.wantsStream else {
            let body = JSONBytes.object { response(&$0, status: status) }
            return [.reply(HTTPReply(fields: request.ignoredFields, json: body))]
        }
        output.append(
            event("response.\(status)") { json, answer in
                json.object("response") { answer.response(&$0, status: status) }
            }
        )
        return output + [.finish]
    }

    /// Where no pieces came, the end has it all.
    private mutating func fill(_ end: End) {
        let isInline = request.reasoning == .inline && !end.thinking.isEmpty
        if request.reasoning == .apart, !end.thinking.isEmpty {
            _ = open(.reasoning)
            _ = append(end.thinking, nil)
        }
        _ = open(.message)
        _ = append((isInline ? ThinkTags.open + end.thinking + ThinkTags.close : "") + end.text, nil)
    }

    private mutating func fail(_ error: APIError) -> [AnswerOutput] {
        isOver = true
        guard hasBegun else { return [.reply(error.reply)] }
        let told = event("error") { json, _ in
            json.member("code", error.code)
            json.member("message", error.message)
            json.member("param", error.param)
            // By which clients know that it is one.
            json.object("error") { error.write(&$0) }
        }
        let failed = event("response.failed") { json, answer in
            json.object("response") { answer.response(&$0, status: "failed", error: error) }
        }
        return [told, failed, .finish]
    }

    private func response(_ json: inout JSONBytes, status: String, error: APIError? = nil) {
        let options = request.generate.options
        json.member("id", frame.id)
        json.member("object", "response")
        json.member("created_at", frame.created)
        json.member("status", status)
        json.member("background", false)
        if let error {
            json.object("error") { json in
                json.member("code", error.code)
                json.member("message", error.message)
            }
        } else {
            json.null("error")
        }
        if status == "incomplete" {
            json.object("incomplete_details") { $0.member("reason", "max_output_tokens") }
        } else {
            json.null("incomplete_details")
        }
        json.member("instructions", request.instructions)
        json.member("max_output_tokens", options.sampling.maxTokens == 1_000_000 ? nil : options.sampling.maxTokens)
        json.member("model", frame.model)
        json.array("output") { json in
            for item in items {
                let isLast = item.id == items.last?.id
                json.object { item.write(&$0, status: isLast && status != "completed" ? status : "completed") }
            }
        }
        json.member("parallel_tool_calls", false)
        json.null("previous_response_id")
        json.object("reasoning") { json in
            json.member("effort", request.effort)
            json.null("summary")
        }
        json.member("store", false)
        json.member("temperature", raw: "\(options.sampling.temperature)".utf8)
        json.object("text") { $0.member("format", raw: (request.format ?? #"{"type":"text"}"#).utf8) }
        json.member("tool_choice", "none")
        json.array("tools") { _ in }
        json.member("top_p", raw: "\(options.sampling.topP)".utf8)
        json.member("truncation", "disabled")
        json.object("metadata") { _ in }
        usage(&json)
    }

    private func usage(_ json: inout JSONBytes) {
        guard let usage = choice.end?.usage else { return json.null("usage") }
        json.object("usage") { json in
            json.member("input_tokens", usage.prompt)
            json.object("input_tokens_details") { json in
                json.member("cached_tokens", usage.cached)
                json.member("image_tokens", usage.image)
            }
            json.member("output_tokens", usage.generated)
            json.object("output_tokens_details") { $0.member("reasoning_tokens", usage.thinking) }
            json.member("total_tokens", usage.prompt + usage.generated)
        }
        json.object("flotilla") { choice.flotilla(&$0) }
    }
}
