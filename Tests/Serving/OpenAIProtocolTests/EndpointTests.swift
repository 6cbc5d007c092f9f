import Testing

@testable import OpenAIProtocol

struct EndpointTests {
    @Test(
        "Every path of the API is known, with and without /v1 where that is promised",
        arguments: [
            ("/v1/chat/completions", Endpoint.chat), ("/chat/completions", .chat),
            ("/v1/chat/completions/input_tokens", .chatTokens), ("/v1/models", .models), ("/models", .models),
            ("/v1/models/demo", .model("demo")), ("/v1/models/lab%2Fdemo", .model("lab/demo")),
            ("/v1/models/lab/demo", .model("lab/demo")), ("/tokenize", .tokenize), ("/detokenize", .detokenize),
            ("/health", .health), ("/ready", .health), ("/v1/health", .health), ("/live", .live),
            ("/metrics", .metrics), ("/version", .version), ("/flotilla/info", .info), ("/flotilla/stats", .stats),
            ("/", .page("/")), ("/assets/app.js", .page("/assets/app.js")), ("/v1/responses", .responses),
            ("/v1/responses/input_tokens", .responsesTokens),
        ]
    )
    func paths(path: String, endpoint: Endpoint) throws {
        #expect(try Endpoint(path: path, hasPage: true) == endpoint)
    }

    @Test(
        "Anything else is 404, in words that name what there is",
        arguments: [
            "/v1/completions", "/v1/embeddings", "/v1/audio/speech", "/v1/images/generations", "/nothing",
            "/v1/models/%zz", "/v1/chat/completions/", "//", "/etc/passwd", "/assets",
        ]
    )
    func unknown(path: String) throws {
        let error = #expect(throws: APIError.self) { try Endpoint(path: path, hasPage: true) }
        #expect(error?.status == 404 && error?.code == "not_found")
        #expect(error?.message.contains("/v1/chat/completions") == true)
    }

    @Test("Without the page its paths are not there")
    func noPage() {
        #expect(throws: APIError.self) { try Endpoint(path: "/", hasPage: false) }
        #expect(throws: APIError.self) { try Endpoint(path: "/assets/app.js", hasPage: false) }
    }

    @Test("Whoever only asks how the server is needs no token")
    func tokens() throws {
        for path in ["/health", "/ready", "/v1/health", "/live", "/version", "/", "/assets/a.css"] {
            #expect(try !Endpoint(path: path, hasPage: true).needsToken)
        }
        for path in ["/v1/models", "/metrics", "/flotilla/stats", "/tokenize", "/v1/chat/completions"] {
            #expect(try Endpoint(path: path, hasPage: true).needsToken)
        }
    }
}
