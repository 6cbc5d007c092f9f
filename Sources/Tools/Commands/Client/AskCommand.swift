import ArgumentParser
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import ImagePreprocessing
import Requests
import ServerClient
import Tokenization
import WireProtocol

/// `flotilla ask`: a client.
struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Asks a server about pictures and text.",
        discussion:
            "Prints the answer as it comes, reasoning dimmed on a terminal. Interrupted, it cancels the request."
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var answer: AnswerOptions

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A picture to ask about: JPEG, PNG or WebP; may be given several times."
    )
    var image: [String] = []

    @Option(parsing: .unconditional, help: "A system message, in place of the published one.")
    var system: String?

    @Flag(help: "Print the END event's JSON object, and nothing else.")
    var json = false

    // An array, since only arrays take what begins with a dash.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("What to ask, in one word; - reads it from standard input.", valueName: "text")
    )
    var texts: [String]

    private var text: String { texts.first { $0 != "--" } ?? "" }

    func validate() throws {
        let mark = texts.firstIndex(of: "--") ?? texts.endIndex
        // No option has a space in its name, so that such a word is a question; any other is an option mistyped.
        if let odd = texts[..<mark].first(where: { $0.hasPrefix("-") && $0 != "-" && !$0.contains(" ") }) {
            throw ValidationError("Unknown option '\(odd)'; if it is the question, put -- before it")
        }
        let count = mark == texts.endIndex ? texts.count : texts.count - 1
        guard count == 1 else {
            throw ValidationError("Expected one question, found \(count); put it in quotation marks")
        }
    }

    func run() throws {
        SignalWatch.ignoreBrokenPipes()
        let pictures = try image.map { try ImageFile.read($0) }
        let body = try body()
        let (server, json) = (server, json)
        try AsyncCommand.run {
            let connection = try await server.connect()
            guard let id = RequestId("ask") else { return }
            Self.cancelOnSignal(connection, id)
            try await Self.show(connection.generate(id, body, pictures: pictures), json: json, of: connection)
            connection.close()
        }
    }

    private func body() throws -> GenerateBody {
        let asked = text == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : text
        var messages: [WireMessage] = []
        if let system { messages.append(WireMessage(role: "system", parts: [.text(system)])) }
        let parts = image.indices.map { WirePart.image(.blob($0)) } + [.text(asked)]
        messages.append(WireMessage(role: "user", parts: parts))
        var body = GenerateBody(messages: messages)
        body.options = try answer.options()
        body.options.stream = !json
        return body
    }

    /// The first interrupt cancels the request, which then ends; the second ends the client.
    private static func cancelOnSignal(_ connection: ServerConnection, _ id: RequestId) {
        nonisolated(unsafe) var hasCancelled = false
        // Safe because only the thread that watches signals touches it.
        SignalWatch.start([SIGINT, SIGTERM]) { signal in
            if hasCancelled { SignalWatch.endProcess(by: signal) }
            hasCancelled = true
            connection.cancel(id)
        }
    }

    private static func show(
        _ events: AsyncStream<ServerEvent>,
        json: Bool,
        of connection: ServerConnection
    ) async throws {
        var printer = AnswerPrinter()
        var status = StatusLine()
        for await event in events {
            switch event {
            case .progress(_, let progress): status.show(progress)
            case .think(_, let piece):
                status.clear()
                printer.show(.thinking, piece.text)
            case .text(_, let piece):
                status.clear()
                printer.show(.answer, piece.text)
            case .err(_, let error):
                status.clear()
                throw ClientError.refused(error)
            case .end(_, let end):
                status.clear()
                if json { StandardOutput.say(end.json + "\n") } else { printer.end(end) }
                return
            default: break
            }
        }
        status.clear()
        throw ClientError.connectionLost("the server")
    }
}
