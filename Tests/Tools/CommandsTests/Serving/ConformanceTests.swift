import Foundation
import TestSupport
import Testing
import WireProtocol

/// The examples of docs/PROTOCOL.md, played against a live server.
@Suite("The protocol as it is documented", .serialized, .ownThread)
struct ConformanceTests {
    /// One example: lines of a client and of a server, in order.
    struct Example: Sendable, CustomTestStringConvertible {
        var lines: [String]
        var testDescription: String { lines.first ?? "" }
    }

    static let examples: [Example] = {
        let file = Fixtures.url("../../docs/PROTOCOL.md")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.components(separatedBy: "```flotilla\n").dropFirst().map { rest in
            Example(lines: (rest.components(separatedBy: "\n```").first ?? "").split(separator: "\n").map(String.init))
        }
    }()

    @Test("every example line, in order, over one connection each")
    func examples() throws {
        #expect(Self.examples.count >= 4)
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            for example in Self.examples { try play(example, try server.connect()) }
            #expect(server.end().status == 0)
        }
    }

    /// Plays the client's lines, and compares the server's.
    private func play(_ example: Example, _ client: RawClient) throws {
        var skipping: String?
        for line in example.lines {
            let content = String(line.dropFirst(3))
            if line.hasPrefix("C: ") {
                client.send(content)
                continue
            }
            #expect(line.hasPrefix("S: "), "neither C: nor S: begins \"\(line)\"")
            if content.hasPrefix("… until ") {
                skipping = String(content.dropFirst("… until ".count))
                continue
            }
            var found = try client.line()
            while let word = skipping, !found.hasPrefix(word + " ") { found = try client.line() }
            skipping = nil
            // How often a server says how far it is depends on how fast it is.
            while found.hasPrefix("PROGRESS "), !content.hasPrefix("PROGRESS ") { found = try client.line() }
            #expect(Self.matches(found, content), "expected \(content), found \(found)")
        }
    }

    /// Whether a line has the verb, the name and at least the members of an example.
    static func matches(_ found: String, _ expected: String) -> Bool {
        let (a, b) = (split(found), split(expected.replacing("…", with: "\"…\"")))
        guard a.words == b.words else { return false }
        guard let wanted = b.object else { return true }
        return isWithin(wanted, a.object ?? NSNull())
    }

    private static func split(_ line: String) -> (words: String, object: Any?) {
        guard let brace = line.firstIndex(of: "{") else { return (line, nil) }
        let object = try? JSONSerialization.jsonObject(with: Data(line[brace...].utf8))
        return (String(line[..<brace]), object ?? "unreadable")
    }

    private static func isWithin(_ wanted: Any, _ found: Any) -> Bool {
        if wanted as? String == "…" { return true }
        if let wanted = wanted as? [String: Any] {
            guard let found = found as? [String: Any] else { return false }
            return wanted.allSatisfy { key, value in found[key].map { isWithin(value, $0) } ?? false }
        }
        return (wanted as? NSObject) == (found as? NSObject)
    }

    @Test("the comparison tells lines apart")
    func comparison() {
        #expect(Self.matches(#"END r {"a":1,"b":[1]}"#, #"END r {"b":[1]}"#))
        #expect(Self.matches(#"END r {"a":7}"#, #"END r {"a":…}"#))
        #expect(!Self.matches(#"END r {"a":1}"#, #"END r {"a":2}"#))
        #expect(!Self.matches(#"END r {}"#, #"END r {"a":…}"#))
        #expect(!Self.matches(#"ERR r {"a":1}"#, #"END r {"a":1}"#))
    }
}
