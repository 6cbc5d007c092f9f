import ArgumentParser
import Coordinator
import Diagnostics
import Requests

/// The options of `flotilla serve` for HTTP.
struct HTTPOptions: ParsableArguments {
    @Option(
        help: """
            Address for HTTP, HOST:PORT or [IPV6]:PORT; may be given several times: what OpenAI's clients speak, a page for \
            browsers, /metrics and /health.
            """
    )
    var http: [String] = []

    @Option(help: "Bytes of a body over HTTP at most.")
    var httpMaxBody = 64 << 20

    @Option(help: "A name by which HTTP may be asked without tokens, besides localhost; may be given several times.")
    var httpHost: [String] = []

    @Option(help: "Another site whose pages may ask, such as https://chat.example.org; may be given several times.")
    var corsOrigin: [String] = []

    @Option(
        help: "Whether the model reasons where a request over HTTP does not say: auto, on or off.",
        transform: AnswerOptions.thinkMode
    )
    var httpThink = ThinkMode.auto

    @Option(help: "Another name of the model for clients over HTTP; may be given several times.")
    var modelAlias: [String] = []

    @Option(help: "Tokens of an answer where a request over HTTP does not say; by default to the end of the context.")
    var maxAnswer: Int?

    @Flag(help: "Serve no page for browsers over HTTP.")
    var noPage = false

    func apply(to options: inout CoordinatorOptions) throws {
        options.http = try http.map { try ServingOptions.address($0, "--http") }
        options.limits.httpBodyBytes = try ServingOptions.within(httpMaxBody, 1024...(1 << 30), "--http-max-body")
        options.api.hostNames = httpHost
        options.api.origins = try corsOrigin.map(Self.origin)
        options.api.think = httpThink
        options.api.aliases = modelAlias
        options.api.maxAnswer = try maxAnswer.map { try ServingOptions.within($0, 1...1_000_000, "--max-answer") }
        options.api.hasPage = !noPage
    }

    /// As browsers write it: a scheme, a name, and a port where it is not the usual one.
    private static func origin(_ text: String) throws -> String {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let isRight = parts.count == 3 && ["http:", "https:"].contains(parts[0].lowercased()) && parts[1].isEmpty
        guard isRight, !parts[2].isEmpty, !text.contains("*") else {
            throw UsageError(
                "--cors-origin is \(text), expected a site",
                hint: "a scheme and a name, without a path: https://chat.example.org"
            )
        }
        return text
    }
}
