internal import Constraints
internal import JSON
internal import Requests
internal import WireProtocol

/// The members of a request to the Responses API that a chat has not, as far as they need no state.
extension ChatReading {
    mutating func responsesMember(_ key: String, _ reader: inout JSONReader) throws(JSONFailure) -> Bool {
        switch key {
        case "input": try input(&reader)
        case "instructions":
            let text = try reader.string()
            request.instructions = text
        case "max_output_tokens": maxTokens.completion = try reader.integer()
        case "include":
            try reader.array { (reader, _) throws(JSONFailure) in
                if try reader.string() == "message.output_text.logprobs" { wantsLogprobs = true }
            }
        case "text": try format(&reader)
        case "background": if try reader.boolean() { throw refuse(reader, key, "and an answer is given at once here") }
        case "previous_response_id", "conversation", "prompt":
            try reader.skip()
            throw refuse(reader, key, "and nothing is kept here: send the whole conversation as input")
        default: return try commonMember(key, &reader)
        }
        return true
    }

    private mutating func input(_ reader: inout JSONReader) throws(JSONFailure) {
        hasMessages = true
        messages = MessageReading(rules, maxTiles: messages.maxTiles)
        messages.isOfItems = true
        if reader.kind() == .string {
            messages.add("user", [.text(try reader.string())])
        } else {
            try messages.list(&reader)
        }
    }

    private mutating func format(_ reader: inout JSONReader) throws(JSONFailure) {
        try nested("text", &reader) { (reading, reader, key) throws(JSONFailure) in
            guard key == "format" else { return false }
            var copy = reader
            reading.request.format = AnswerFormat.oneLine(try copy.valueText())
            reading.options.format = try AnswerFormat.read(responseFormat: &reader)
            reading.formatName = "text.format"
            return true
        }
    }

    mutating func refuse(_ reader: JSONReader, _ key: String, _ why: String) -> JSONFailure {
        problem = problem ?? .unsupported("\(key) would change the answer, \(why)", param: key)
        return reader.failure("", "")
    }

    /// Puts the instructions in front, once everything has been read.
    mutating func placeInstructions() {
        guard let text = request.instructions else { return }
        let rest = messages.system
        messages.system = []
        messages.add("system", [.text(text)])
        if !rest.isEmpty { messages.add("system", rest) }
    }
}
