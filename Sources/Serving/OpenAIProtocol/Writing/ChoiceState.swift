internal import JSON
internal import Requests

/// What is known of one of the answers to a call.
struct ChoiceState: Sendable {
    var ack: Ack?
    var end: End?
    /// Log-probabilities as JSON, written as they come: all of an answer's at once would hold up the loop.
    var contentLogprobs = JSONBytes()
    var reasoningLogprobs = JSONBytes()
    /// Whether the tag that opens reasoning was sent, and not yet the one that closes it.
    var isThinkingOpen = false

    var usage: End.Usage { end?.usage ?? End.Usage() }

    /// OpenAI knows fewer reasons.
    var finishReason: String? {
        switch end?.finish {
        case "stop", "stop_string": "stop"
        case nil: nil
        default: "length"
        }
    }

    /// What only this server tells, with whatever ACK and END have besides what stands elsewhere.
    func flotilla(_ json: inout JSONBytes) {
        guard let end else { return }
        json.member("seed", end.seed)
        json.member("finish", end.finish)
        json.member("boxed", end.boxed)
        json.member("thinking_cut", end.thinkingCut)
        json.member("replays", end.replays)
        json.member("queued", ack?.queued ?? 0)
        if let ack { json.members(ofObject: JSONLine.encode(ack), without: Self.ackMembers) }
        var short = end
        (short.text, short.thinking, short.logprobs) = ("", "", nil)
        json.members(ofObject: short.json, without: Self.endMembers)
    }

    private static let ackMembers: Set = ["queued", "seed", "prompt_tokens", "image_tokens", "cached_tokens"]
    private static let endMembers: Set = [
        "finish", "text", "thinking", "boxed", "usage", "seed", "thinking_cut", "replays", "logprobs",
    ]
}

extension JSONBytes {
    /// `[{"token","logprob","bytes","top_logprobs"}]`, without brackets.
    mutating func append(_ logprobs: [TokenLogprobs], top: Int, _ tokenBytes: (Int32) -> [UInt8]) {
        for entry in logprobs {
            object { json in
                json.token(entry.id, entry.logprob, tokenBytes)
                json.array("top_logprobs") { json in
                    for other in entry.top.prefix(top) {
                        json.object { $0.token(other.id, other.logprob, tokenBytes) }
                    }
                }
            }
        }
    }

    private mutating func token(_ id: Int32, _ logprob: Float, _ tokenBytes: (Int32) -> [UInt8]) {
        let text = tokenBytes(id)
        member("token", String(decoding: text, as: UTF8.self))
        key("logprob")
        value(logprob)
        array("bytes") { json in for byte in text { json.value(byte) } }
    }

    /// OpenAI's `usage` of several answers to one prompt.
    mutating func usage(_ choices: [ChoiceState]) {
        let prompt = choices.first?.usage.prompt ?? 0
        let generated = choices.reduce(0) { $0 + $1.usage.generated }
        member("prompt_tokens", prompt)
        member("completion_tokens", generated)
        member("total_tokens", prompt + generated)
        object("prompt_tokens_details") { json in
            json.member("cached_tokens", choices.first?.usage.cached ?? 0)
            json.member("image_tokens", choices.first?.usage.image ?? 0)
        }
        object("completion_tokens_details") { json in
            json.member("reasoning_tokens", choices.reduce(0) { $0 + $1.usage.thinking })
        }
    }
}
