import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Conversations that are asked of servers with and without pages on disk.
enum DiskServing {
    static let model = Fixtures.url("mini-bf16").path
    static let text = Array(repeating: "one two three four five six seven", count: 5).joined(separator: ", ")

    /// What came of a question: what must be equal, and what shows where it came from.
    struct Seen {
        var ack: Ack?
        var end: End?
        var ids: [Int32] = []

        var cached: Int { end?.usage.cached ?? -1 }
        var told: Int { ack?.cachedTokens ?? -1 }
    }

    /// A server with its own log on `directory`, whose pages are below `pages`.
    static func server(
        _ options: [String] = [],
        pages: String? = nil,
        in directory: URL,
        script: String? = nil
    ) throws -> ServerProcess {
        let disk = pages.map { ["--kv-cache-dir", $0, "--kv-cache-size", "0.05"] } ?? []
        return try ServerProcess(model: model, ["--context", "4096"] + disk + options, in: directory, script: script)
    }

    /// The first question of a conversation, or the second behind an answer that came to the first.
    static func body(_ name: String, behind answer: String? = nil, hasPicture: Bool = false) -> String {
        let picture = hasPicture ? #"{"type":"image","blob":0},"# : ""
        var messages = #"{"role":"user","content":[\#(picture){"type":"text","text":"\#(name): \#(text)"}]}"#
        if let answer {
            let quoted = String(decoding: (try? JSONEncoder().encode(answer)) ?? Data(), as: UTF8.self)
            messages += #",{"role":"assistant","content":\#(quoted)},{"role":"user","content":"and then?"}"#
        }
        return #"{"messages":[\#(messages)],"max_tokens":40}"#
    }

    static let picture = (try? Data(contentsOf: Fixtures.url("images/wide.png"))).map { [UInt8]($0) } ?? []

    static func ask(_ server: ServerProcess, _ body: String) throws -> Seen {
        let client = try server.connect()
        if body.contains("blob") {
            client.send("BLOB r 0 \(picture.count)")
            client.send(picture + [10])
        }
        client.send("GENERATE r \(body)")
        var seen = Seen()
        let answer = try client.answer("r") { if case .ack(_, let ack) = $0 { seen.ack = ack } }
        #expect(answer.error == nil, "\(String(describing: answer.error))")
        (seen.end, seen.ids) = (answer.end, answer.ids)
        return seen
    }

    /// Reads so many events of an answer, or all of them.
    static func follow(_ client: RawClient, events: Int) throws {
        for _ in 0..<events {
            switch try client.event() {
            case .end, .err: return
            default: continue
            }
        }
    }

    /// A member of STATS' pages on disk.
    static func disk(_ server: ServerProcess) throws -> [String: Any] {
        (try server.stats()["cache"] as? [String: Any])?["disk"] as? [String: Any] ?? [:]
    }

    static func count(_ name: String, _ server: ServerProcess) throws -> Int { try disk(server)[name] as? Int ?? -1 }

    /// Waits until so many pages are on the disks: they are written by a thread that gives way to all others, and a server that
    /// ends does not wait long for it.
    static func settle(_ server: ServerProcess, pages: Int) {
        #expect(Poll.until { ((try? count("pages", server)) ?? 0) >= pages }, "\(server.errors)")
    }

    /// Waits until the pages of a question are on the disks.
    static func settle(_ server: ServerProcess, _ seen: Seen) {
        settle(server, pages: (seen.end?.usage.prompt ?? 0) / 64)
    }

    /// Whether pages are still read: where the machine makes a reader wait, computing them may seem to be faster, and a group
    /// leaves it at that.
    static func reads(_ server: ServerProcess) throws -> Bool { try disk(server)["reading"] as? Bool == true }

    static func make(_ name: String, in directory: URL) throws -> String {
        let made = directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        return made.path
    }

    static func files(_ pages: String, _ suffix: String = ".page") -> [String] {
        (FileManager.default.subpaths(atPath: pages) ?? []).filter { $0.hasSuffix(suffix) }.sorted()
    }
}
