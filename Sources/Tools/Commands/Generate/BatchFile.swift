import Diagnostics
import Foundation
import Frontend
import Requests
import Tokenization

/// The requests of `--batch`: one JSON object a line, with "messages" and optionally "id", "think" and "max_tokens".
struct BatchFile {
    private let lines: [(number: Int, text: Substring)]
    /// What the pictures' paths are relative to.
    let directory: URL
    private let name: String
    private let text: String

    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("the batch \(path) cannot be read")
        }
        text = String(decoding: data, as: UTF8.self)
        name = path
        directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0.offset + 1, $0.element) }
            .filter { !$0.text.allSatisfy(\.isWhitespace) }
    }

    var count: Int { lines.count }

    /// Request `index`, with what the line does not say taken from `options`.
    func request(_ index: Int, options: AnswerOptions) throws -> ConversationRequest {
        let line = lines[index]
        guard let object = try? JSONSerialization.jsonObject(with: Data(line.text.utf8)) as? [String: Any] else {
            throw UsageError("\(name), line \(line.number): expected a JSON object")
        }
        guard let messages = object["messages"] else {
            throw UsageError("\(name), line \(line.number): the object has no \"messages\"")
        }
        let parsed: [ChatMessage]
        do {
            let data = try JSONSerialization.data(withJSONObject: messages, options: .fragmentsAllowed)
            parsed = try ChatMessages.parse(json: data)
        } catch let error as UsageError {
            throw UsageError("\(name), line \(line.number): \(error.description)", hint: error.hint)
        }
        let id = object["id"] as? String ?? String(index)
        var request = ConversationRequest(id: id, messages: parsed, options: try options.options())
        if let maxTokens = object["max_tokens"] as? Int { request.options.sampling.maxTokens = maxTokens }
        if let think = object["think"] as? String { request.options.think = try AnswerOptions.thinkMode(think) }
        return request
    }
}
