import ArgumentParser
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import Tokenization

/// `flotilla generate`: answers without a server.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Answers about pictures and text, without a server.",
        discussion: """
            Starts a group of ranks with mpirun, prints the answer as it comes, and ends the group. One decoder rank \
            and one vision rank run in this process instead, unless --mpirun says otherwise.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions
    @OptionGroup var draft: DraftOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var answer: AnswerOptions
    @OptionGroup var count: GroupCount

    @Option(parsing: .unconditional, help: "What to ask.")
    var prompt: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A picture to ask about: JPEG, PNG or WebP; may be given several times."
    )
    var image: [String] = []

    @Option(parsing: .unconditional, help: "A system message, in place of the published one.")
    var system: String?

    @Option(parsing: .unconditional, help: "A conversation: a file with a JSON array of {\"role\", \"content\"}.")
    var messages: String?

    @Option(
        parsing: .unconditional,
        help: "Many conversations: a file with a JSON object {\"id\", \"messages\"} a line."
    )
    var batch: String?

    @Flag(help: "Print one JSON object an answer.")
    var json = false

    @Option(help: "How often lost ranks are started again; the answers go on with the same bytes.")
    var restarts = 0

    @Option(parsing: .unconditional, help: "Write visual tokens and the logits of every step to this safetensors file.")
    var trace: String?

    func validate() throws {
        let ways = [prompt, messages, batch].compactMap { $0 }.count
        guard ways == 1 else {
            throw ValidationError("give one of --prompt, --messages and --batch")
        }
        if prompt == nil, system != nil || !image.isEmpty {
            throw ValidationError("--system and --image go with --prompt")
        }
        guard (0...1000).contains(restarts) else {
            throw ValidationError("--restarts is \(restarts), expected 0 to 1000")
        }
        if batch != nil, trace != nil { throw ValidationError("--trace goes with one conversation") }
    }

    func run() throws {
        try ParallelStart.check("generate", ProcessInfo.processInfo.environment)
        let groups = try count.checked()
        let run = try GenerationRun(
            model: try model.directory(),
            group: group,
            draft: draft,
            launch: launch,
            groups: groups,
            restarts: restarts
        )
        if let batch {
            try run.answerAll(BatchFile(path: batch, defaults: answer.options()))
        } else {
            let (request, directory) = try conversation()
            try run.answer(request, pictures: directory, json: json, trace: trace)
        }
    }

    /// The one conversation of `--prompt` or `--messages`, and what its pictures' paths are relative to.
    private func conversation() throws -> (ConversationRequest, URL) {
        var request: ConversationRequest
        var directory = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        if let messages {
            guard let data = FileManager.default.contents(atPath: messages) else {
                throw UsageError("the conversation \(messages) cannot be read")
            }
            directory = URL(fileURLWithPath: messages).deletingLastPathComponent()
            request = ConversationRequest(id: "0", messages: try ChatMessages.parse(json: data))
            request.origin = messages
        } else {
            var parts: [ChatMessage.Part] = image.map { .image($0) }
            parts.append(.text(prompt ?? ""))
            var list = [ChatMessage(role: .user, parts: parts)]
            if let system { list.insert(ChatMessage(role: .system, text: system), at: 0) }
            request = ConversationRequest(id: "0", messages: list)
        }
        request.options = try answer.options()
        request.wantsTrace = trace != nil
        return (request, directory)
    }
}
