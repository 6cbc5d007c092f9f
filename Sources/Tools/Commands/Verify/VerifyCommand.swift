import ArgumentParser
import Diagnostics
import Foundation
import GroupLauncher

/// `flotilla verify`: computes the answer of a receipt again.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Computes an answer again by its receipt, and says whether it is the same.",
        discussion: """
            On any number of ranks and any instruction set, as one prompt, which takes a fraction of the time. Exits with 0 \
            if this cluster gives the same tokens, and with 9 if it does not: with another model, format or picture, or \
            with the first token that differs (docs/RECEIPTS.md).
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions
    @OptionGroup var launch: LaunchOptions

    @Option(
        parsing: .unconditional,
        help: """
            The receipt's file: a receipt, what has one as its member (generate --json, END, an answer over HTTP), or such an \
            object a line; - is standard input.
            """
    )
    var receipt: String

    @Option(
        parsing: .unconditionalSingleValue,
        help: "A picture that was asked about, in any order; may be given several times."
    )
    var image: [String] = []

    @Flag(help: "Print one JSON object a receipt.")
    var json = false

    @Option(help: "How often lost ranks are started again.")
    var restarts = 0

    func validate() throws {
        guard (0...1000).contains(restarts) else {
            throw ValidationError("--restarts is \(restarts), expected 0 to 1000")
        }
    }

    func run() throws {
        try ParallelStart.check("verify", ProcessInfo.processInfo.environment)
        let receipts = try ReceiptFile.read(receipt)
        let directory = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let pictures = try image.map { try PictureName(text: $0).bytes(in: directory) }
        let run = try VerificationRun(
            model: try model.directory(),
            group: group,
            launch: launch,
            restarts: restarts,
            for: receipts
        )
        let outcomes = try run.outcomes(of: receipts, pictures: pictures)
        let report = VerificationReport(receipts, outcomes, run.tokenizer)
        StandardOutput.say(json ? report.json : report.text)
        if let doubt = report.doubt { throw doubt }
    }
}
