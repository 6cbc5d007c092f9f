import Foundation
import TestSupport
import Testing

/// A response as it came over a socket.
struct HTTPAnswer {
    var status = 0
    var fields: [String: String] = [:]
    var body: [UInt8] = []
    /// The pieces of a chunked body.
    var chunks: [[UInt8]] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as an object; empty if it is none.
    var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }

    /// The error that it tells.
    var error: [String: Any] { object["error"] as? [String: Any] ?? [:] }
    var code: String? { error["code"] as? String }

    /// What the model answered.
    var message: [String: Any] {
        ((object["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]) ?? [:]
    }
    var content: String? { message["content"] as? String }

    /// The objects of a stream, in order.
    var events: [[String: Any]] {
        text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("data: {") else { return nil }
            return (try? JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8))) as? [String: Any]
        }
    }

    /// What a stream says, piece by piece.
    var deltas: [[String: Any]] {
        events.compactMap { ($0["choices"] as? [[String: Any]])?.first?["delta"] as? [String: Any] }
    }
    var streamedText: String { deltas.compactMap { $0["content"] as? String }.joined() }
    var streamedThinking: String { deltas.compactMap { $0["reasoning"] as? String }.joined() }
}

extension RawClient {
    /// Sends a request.
    func ask(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: [UInt8]? = nil,
        host: String? = "localhost"
    ) {
        var lines = ["\(method) \(path) HTTP/1.1"] + (host.map { ["Host: \($0)"] } ?? []) + fields
        if let body {
            if !fields.contains(where: { $0.lowercased().hasPrefix("content-type") }) {
                lines.append("Content-Type: application/json")
            }
            if !fields.contains(where: { $0.lowercased().hasPrefix("content-length") }) {
                lines.append("Content-Length: \(body.count)")
            }
        }
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? []))
    }

    /// Reads a response; what is only provisional counts as one.
    func reply(toHead: Bool = false) throws -> HTTPAnswer {
        var answer = try head()
        guard !toHead, answer.status >= 200, answer.status != 204 else { return answer }
        if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
            answer.body = try bytes(length)
        } else if answer.fields["transfer-encoding"] == "chunked" {
            while let chunk = try chunk() {
                answer.chunks.append(chunk)
                answer.body += chunk
            }
        } else {
            while let byte = try? bytes(1) { answer.body += byte }
        }
        return answer
    }

    /// The status and the headers of a response.
    func head() throws -> HTTPAnswer {
        var answer = HTTPAnswer()
        let words = try line().split(separator: " ")
        answer.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        while case let line = try line(), line != "\r" {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            answer.fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return answer
    }

    /// The next chunk of a body; `nil` at its end.
    func chunk() throws -> [UInt8]? {
        let count = Int(try line().trimmingCharacters(in: .whitespacesAndNewlines), radix: 16) ?? 0
        let chunk = try bytes(count)
        _ = try bytes(2)
        return count == 0 ? nil : chunk
    }
}

extension ServerProcess {
    /// A connection to the HTTP port.
    func http() throws -> RawClient { try #require(RawClient(port: try port(after: "http://"))) }

    func get(_ path: String, _ fields: [String] = []) throws -> HTTPAnswer {
        let client = try http()
        client.ask("GET", path, fields)
        return try client.reply()
    }

    func post(_ path: String, _ json: String, _ fields: [String] = []) throws -> HTTPAnswer {
        let client = try http()
        client.ask("POST", path, fields, body: Array(json.utf8))
        return try client.reply()
    }

    func chat(_ json: String) throws -> HTTPAnswer { try post("/v1/chat/completions", json) }

    /// A figure of STATS: `requests.running`.
    func figure(_ group: String, _ name: String) throws -> Int {
        let part = try stats()[group] as? [String: Any]
        return part?[name] as? Int ?? -1
    }

    /// Whether nothing is under way any more.
    func isIdle() -> Bool {
        Poll.until { (try? figure("requests", "running")) == 0 && (try? figure("requests", "waiting")) == 0 }
    }
}

/// Bodies of requests.
enum Bodies {
    static func chat(_ text: String, _ members: String = "") -> String {
        #"{"messages":[{"role":"user","content":"\#(text)"}]\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    /// A question about pictures, as parts.
    static func pictures(_ urls: [String], _ text: String, _ members: String = "") -> String {
        let parts =
            urls.map { #"{"type":"image_url","image_url":{"url":"\#($0)"}}"# } + [#"{"type":"text","text":"\#(text)"}"#]
        let list = parts.joined(separator: ",")
        return #"{"messages":[{"role":"user","content":[\#(list)]}]\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    static let sample = Fixtures.root.appendingPathComponent("Sources/Tools/DemoModel/Resources/samples/sum.png")

    static func dataURL(_ bytes: [UInt8]) -> String { "data:image/png;base64," + Data(bytes).base64EncodedString() }

    static func sampleBytes() throws -> [UInt8] { Array(try Data(contentsOf: sample)) }
}
