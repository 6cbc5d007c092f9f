import TestSupport
import Testing

@testable import OpenAIProtocol

struct HTTPRulesTests {
    static let rules = HTTPRules(
        checksHost: true,
        hostNames: ["Box.lan"],
        origins: ["https://chat.example.org"],
        hasPage: true,
        maxBody: 1000
    )

    static func head(
        _ method: String = "GET",
        _ target: String = "/v1/models",
        host: String? = "localhost:9090",
        _ fields: [(String, String)] = []
    ) -> RequestHead {
        let all = (host.map { [("host", $0)] } ?? []) + fields
        return RequestHead(method: method, target: target, fields: all.map { HTTPField($0.0, $0.1) })
    }

    static func code(_ head: RequestHead, _ rules: HTTPRules = rules) -> String? {
        do throws(APIError) {
            _ = try rules.judge(head)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "Without tokens only names of this machine are taken",
        arguments: [
            ("localhost", true), ("LOCALHOST:80", true), ("a.localhost", true), ("127.0.0.1:9", true),
            ("127.1.2.3", true), ("[::1]:8080", true), ("[::1]", true), ("box.lan", true), ("localhost.", true),
            ("example.org", false), ("127.0.0.1.example.org", false), ("localhost.example.org", false),
            ("10.0.0.1", false), ("", false), ("127.0.0", false), ("127.0.0.256", false), ("0x7f.0.0.1", false),
            ("[::2]", false), ("localhost:80:80", false), ("localhost@example.org", false), ("[::1", false),
            ("xlocalhost", false), ("128.0.0.1", false), ("localhost:x", false),
        ]
    )
    func hosts(host: String, isOurs: Bool) {
        #expect(Self.code(Self.head(host: host)) == (isOurs ? nil : "host_not_allowed"))
        var open = Self.rules
        open.checksHost = false
        #expect(Self.code(Self.head(host: host), open) == nil)
    }

    @Test("A whole URL as the target names the host, whatever the header says")
    func absolute() {
        #expect(Self.code(Self.head("GET", "http://evil.example/v1/models")) == "host_not_allowed")
        #expect(Self.code(Self.head("GET", "http://127.0.0.1:9090/v1/models")) == nil)
        #expect(Self.head("GET", "http://localhost?x").path == "/")
        #expect(Self.head("GET", "/a?b#c").path == "/a")
    }

    @Test("Pages of other sites may not ask, unless the operator lets them")
    func origins() {
        func code(_ origin: String, host: String = "localhost:9090") -> String? {
            Self.code(Self.head(host: host, [("origin", origin)]))
        }
        for origin in ["http://localhost:9090", "https://chat.example.org", "HTTP://LOCALHOST:9090"] {
            #expect(code(origin) == nil)
        }
        #expect(code("http://localhost", host: "localhost:80") == nil)
        for origin in [
            "null", "http://evil.example", "https://localhost:9090", "http://localhost:9091", "http://localhost",
            "https://chat.example.org.evil.example", "http://chat.example.org", "*", "",
        ] {
            #expect(code(origin) == "origin_not_allowed", "\(origin)")
        }
        #expect(Self.code(Self.head([("sec-fetch-site", "cross-site")])) == "origin_not_allowed")
        #expect(Self.code(Self.head([("sec-fetch-site", "same-origin")])) == nil)
        let page = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]
        #expect(Self.code(Self.head("GET", "/", page)) == nil, "a link to the page")
        #expect(Self.code(Self.head("GET", "/v1/models", page)) == "origin_not_allowed")
    }

    @Test("Only sites that are let ask are told so, and never all")
    func sharing() throws {
        let own = Self.head([("origin", "http://localhost:9090")])
        #expect(Self.rules.sharingFields(own) == [HTTPField("vary", "origin")])
        let site = Self.head([("origin", "https://chat.example.org")])
        #expect(Self.rules.sharingFields(site).first?.value == "https://chat.example.org")
        let asked = [
            ("origin", "https://chat.example.org"), ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type, x-api-key, bad header"),
        ]
        guard case .reply(let reply) = try Self.rules.judge(Self.head("OPTIONS", "/v1/chat/completions", asked)) else {
            throw APIError.draining
        }
        #expect(reply.status == 204)
        #expect(reply.fields.contains(HTTPField("allow", "POST, OPTIONS")))
        #expect(reply.fields.contains(HTTPField("access-control-allow-methods", "GET, POST")))
        #expect(reply.fields.contains(HTTPField("access-control-allow-headers", "content-type, x-api-key")))
        #expect(!reply.fields.contains { $0.value == "*" || $0.name == "access-control-allow-credentials" })
    }

    @Test("What says in two ways where it ends is no request")
    func framing() {
        let post = { (fields: [(String, String)]) in Self.code(Self.head("POST", "/v1/chat/completions", fields)) }
        #expect(post([("transfer-encoding", "chunked"), ("content-length", "3")]) == "bad_request")
        #expect(post([("transfer-encoding", "gzip, chunked")]) == "bad_request")
        #expect(post([("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]) == "bad_request")
        #expect(post([("content-length", "3"), ("content-length", "3")]) == "bad_request")
        #expect(post([("host", "localhost")]) == "bad_request")
        #expect(post([("expect", "payment")]) == "expectation_failed")
        #expect(Self.code(Self.head(host: nil)) == "bad_request")
        #expect(post([("transfer-encoding", "Chunked")]) == nil)
    }

    @Test("Methods, and bodies that are refused before they are read")
    func methods() throws {
        let error = #expect(throws: APIError.self) { try Self.rules.judge(Self.head("DELETE")) }
        #expect(error?.status == 405 && error?.fields == [HTTPField("allow", "GET, HEAD, OPTIONS")])
        #expect(Self.code(Self.head("GET", "/v1/chat/completions")) == "method_not_allowed")
        #expect(Self.code(Self.head("HEAD")) == nil)
        func status(_ fields: [(String, String)]) -> Int? {
            do throws(APIError) {
                try Self.rules.checkBody(Self.head("POST", "/tokenize", fields))
                return nil
            } catch {
                return error.status
            }
        }
        let json = ("content-type", "application/json; charset=utf-8")
        #expect(status([json, ("content-length", "1000")]) == nil)
        #expect(status([json, ("content-length", "1001")]) == 413)
        #expect(status([json, ("content-encoding", "gzip")]) == 415)
        #expect(status([json, ("content-encoding", "identity")]) == nil)
        for type in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"] {
            #expect(status([("content-type", type)]) == 415)
        }
        #expect(status([]) == 415)
        #expect(status([json, json]) == 415)
    }

    @Test("Ten thousand heads of any bytes: an answer, or an error that is the client's")
    func storm() {
        var random = SeededRandom(seed: 14)
        let words = [
            "GET", "POST", "OPTIONS", "/", "/v1/models/", "%", "%2", "%2f", "localhost", "127.0.0.1", "[", "]", ":",
            "*",
            "http://", "\u{0}", "é", "chunked", "origin", "host", "transfer-encoding", "content-length", "-1", "?", "#",
            "99999999999999999999", "sec-fetch-site", "cross-site", "expect", "100-continue", " ",
            "access-control-request-method",
        ]
        func text() -> String {
            (0..<Int.random(in: 0...4, using: &random)).map { _ in random.one(of: words) }.joined()
        }
        for _ in 0..<10_000 {
            let fields = (0..<Int.random(in: 0...6, using: &random)).map { _ in HTTPField(text(), text()) }
            let head = RequestHead(method: text(), target: text(), isOld: Bool.random(using: &random), fields: fields)
            do throws(APIError) {
                _ = try Self.rules.judge(head)
                try Self.rules.checkBody(head)
                _ = Self.rules.sharingFields(head)
            } catch {
                #expect((400..<500).contains(error.status))
            }
        }
    }
}

extension HTTPRulesTests {
    static func head(_ fields: [(String, String)]) -> RequestHead { head("GET", "/v1/models", fields) }
    static func head(host: String, _ fields: [(String, String)]) -> RequestHead {
        head("GET", "/v1/models", host: host, fields)
    }
    static func head(_ method: String, _ target: String, _ fields: [(String, String)]) -> RequestHead {
        head(method, target, host: "localhost:9090", fields)
    }
}
