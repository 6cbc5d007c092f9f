import Diagnostics
import Foundation
import Frontend
import JSON
import Requests
import Tokenization
import WireProtocol

/// The requests of `--batch`: a JSON object a line, with the members of GENERATE and an "id".
///
/// All lines are read and checked at once, by the code that reads clients' lines, so that the mistake in the last line is
/// found before the first answer is computed.
struct BatchFile {
    let requests: [ConversationRequest]
    /// What the pictures' paths are relative to.
    let directory: URL

    /// - Parameter defaults: what counts where a line says nothing else.
    /// - Throws: `UsageError` naming the file, the line and the member.
    init(path: String, defaults: RequestOptions = RequestOptions()) throws(UsageError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("the batch \(path) cannot be read", hint: "--batch names a file with a JSON object a line")
        }
        try self.init(data, path: path, defaults: defaults)
    }

    /// - Parameters:
    ///   - data: what has been read from `path`.
    ///   - defaults: what counts where a line says nothing else.
    init(_ data: Data, path: String, defaults: RequestOptions = RequestOptions()) throws(UsageError) {
        directory = URL(fileURLWithPath: path).deletingLastPathComponent()
        var requests: [ConversationRequest] = []
        var lineOfId: [String: Int] = [:]
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in zip(1..., lines) where !line.allSatisfy({ Self.blanks.contains($0) }) {
            let origin = "\(path), line \(number)"
            let (id, body) = try Self.read([UInt8](line), origin, defaults)
            // A request without a name is called by its number among them, from 0.
            var request = ConversationRequest(
                id: id ?? "\(requests.count)",
                messages: Self.messages(body),
                options: body.options
            )
            request.origin = origin
            if let other = lineOfId.updateValue(number, forKey: request.id) {
                throw UsageError(
                    "\(origin): the id \"\(request.id.prefix(80))\" is that of line \(other) too",
                    hint: "a line without an \"id\" has its number among the requests, from 0, as its id"
                )
            }
            requests.append(request)
        }
        self.requests = requests
    }

    private static let blanks: [UInt8] = [0x20, 0x09, 0x0D]

    private static func read(
        _ line: [UInt8],
        _ origin: String,
        _ defaults: RequestOptions
    ) throws(UsageError) -> (id: String?, body: GenerateBody) {
        var id: String?
        var body = GenerateBody(defaults: defaults)
        do throws(JSONFailure) {
            try JSONReader.read(line) { (reader) throws(JSONFailure) in
                try reader.object { (reader, key) throws(JSONFailure) in
                    if key == "id" {
                        id = try Self.id(&reader)
                    } else if try !body.read(key, &reader, from: .file) {
                        try reader.skip()
                    }
                }
            }
        } catch {
            throw UsageError(
                "\(origin): \(error.sentence(about: "the line"))",
                hint: #"an object such as {"id":"a","messages":[{"role":"user","content":"hello"}],"max_tokens":64}"#
            )
        }
        do throws(RequestError) { try body.check() } catch { throw UsageError("\(origin): \(error.message)") }
        return (id, body)
    }

    /// A text, or a number, whose digits are the name.
    private static func id(_ reader: inout JSONReader) throws(JSONFailure) -> String? {
        switch reader.kind() {
        case .null:
            try reader.skip()
            return nil
        case .number: return try reader.numberText()
        case .string, nil: return try reader.string()
        case let other?: throw reader.failure("a text or a number", other.rawValue)
        }
    }

    private static func messages(_ body: GenerateBody) -> [ChatMessage] {
        if let prompt = body.prompt { return [ChatMessage(role: .user, text: prompt)] }
        return ChatMessages.chat(body.messages ?? [])
    }
}
