import Requests
import Testing

@testable import OpenAIProtocol

struct APIErrorTests {
    @Test(
        "Every error of the line has its status, type and code",
        arguments: [
            (ErrorCode.badJSON, 400, "invalid_request_error", "bad_json"),
            (.badArgument, 400, "invalid_request_error", "invalid_value"),
            (.badImage, 400, "invalid_request_error", "invalid_image"),
            (.tooManyImages, 400, "invalid_request_error", "too_many_images"),
            (.imageTooBig, 400, "invalid_request_error", "image_too_big"),
            (.tooLong, 400, "invalid_request_error", "context_length_exceeded"),
            (.auth, 401, "authentication_error", "invalid_api_key"),
            (.blobTooBig, 413, "invalid_request_error", "request_too_large"), (.busy, 429, "rate_limit_error", "busy"),
            (.loading, 503, "server_error", "loading"), (.draining, 503, "server_error", "draining"),
            (.deadline, 504, "server_error", "deadline"), (.rankLost, 503, "server_error", "rank_lost"),
            (.internal, 500, "server_error", "internal"),
        ]
    )
    func table(code: ErrorCode, status: Int, type: String, name: String) throws {
        let error = APIError(RequestError(code, "so"), contextTokens: 4096)
        #expect(error.status == status && error.type == type && error.code == name)
        let fields = error.reply.fields
        let isRetried = [.busy, .loading].contains(code)
        #expect(fields.contains { $0.name == "retry-after" } == isRetried)
        #expect(fields.contains(HTTPField("x-should-retry", "false")) == (status >= 500 && !isRetried))
        #expect(fields.contains(HTTPField("www-authenticate", "Bearer")) == (code == .auth))
        let object = try Samples.object(error.json)["error"] as? [String: Any]
        #expect(Set(try #require(object?.keys)).isSuperset(of: ["message", "type", "param", "code"]))
    }

    @Test("A prompt that is too long says so in the words that gateways look for")
    func tooLong() throws {
        var error = RequestError(.tooLong, "the prompt has 5000 tokens")
        error.promptTokens = 5000
        let object = try Samples.object(APIError(error, contextTokens: 4096).json)["error"] as? [String: Any]
        #expect((object?["message"] as? String)?.contains("this model's maximum context length is 4096 tokens") == true)
        #expect(object?["n_prompt_tokens"] as? Int == 5000 && object?["n_ctx"] as? Int == 4096)
    }

    @Test("Waiting is told in whole seconds from 1 to 60", arguments: [(1, "1"), (1001, "2"), (600_000, "60")])
    func retryAfter(milliseconds: Int, seconds: String) {
        let fields = APIError.busy("x", retryAfterMilliseconds: milliseconds).reply.fields
        #expect(fields.contains(HTTPField("retry-after", seconds)))
        #expect(fields.contains(HTTPField("retry-after-ms", "\(milliseconds)")))
    }
}
