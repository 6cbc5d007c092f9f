/// One item of a response: the model's reasoning, or its answer.
struct ResponseItem: Sendable {
    enum Kind: Sendable {
        case reasoning, message
    }

    let kind: Kind
    let id: String
    var text = ""
    /// Log-probabilities of the whole text, as JSON without brackets.
    var logprobs = JSONBytes()
    var isComplete = false

    /// What stands for the kind of its text.
    private var partType: String { kind == .reasoning ? "reasoning_text" : "output_text" }
    /// What the names of its events begin with.
    var eventName: String { "response.\(partType)" }

    /// Writes the item.
    ///
    /// - Parameter status: `in_progress`, `completed` or `incomplete`.
    func write(_ json: inout JSONBytes, status: String) {
        json.member("id", id)
        json.member("type", kind == .reasoning ? "reasoning" : "message")
        json.member("status", status)
        let isEmpty = status == "in_progress"
        if kind == .reasoning {
            json.array("summary") { _ in }
        } else {
            json.member("role", "assistant")
        }
        json.array("content") { json in if !isEmpty { json.object { part(&$0) } } }
    }

    /// Writes the one part of its content.
    func part(_ json: inout JSONBytes, isEmpty: Bool = false) {
        json.member("type", partType)
        json.member("text", isEmpty ? "" : text)
        guard kind == .message else { return }
        json.array("annotations") { _ in }
        json.array("logprobs") { $0.raw(nonEmpty: isEmpty ? [] : logprobs.bytes) }
    }
}
