package import ArgumentParser
import Diagnostics
import Foundation
import RankProgram

/// The one executable: parses arguments and calls one function.

package struct Flotilla: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "flotilla",
        abstract: "Serves SAIL-VL2 vision-language models from CPU ranks over MPI.",
        version: "0.1.0",
        subcommands: [
            GenerateCommand.self, TokenizeCommand.self, TilesCommand.self, PlanCommand.self, SynthCommand.self,
            PackCommand.self, CompareCommand.self, ServeCommand.self, AskCommand.self, TopCommand.self,
            RankCommand.self, BenchCommand.self,
        ]
    )

    package init() {}

    /// Runs the command and turns every error into one sentence and its exit code.
    package static func main() {
        do {
            var command = try parseAsRoot()
            // A rank says it over its link.
            if !(command is RankCommand) { try InstructionSetCheck.run(ProcessInfo.processInfo.environment) }
            try command.run()
        } catch let error as any OperatorError {
            FileHandle.standardError.write(Data("flotilla: \(error.report)\n".utf8))
            Foundation.exit(error.exitCode.rawValue)
        } catch {
            if exitCode(for: error).isSuccess { exit(withError: error) }
            FileHandle.standardError.write(Data("\(fullMessage(for: error))\n".utf8))
            let usage = error is ValidationError || exitCode(for: error) == .validationFailure
            Foundation.exit(usage ? Diagnostics.ExitCode.usage.rawValue : Diagnostics.ExitCode.internalError.rawValue)
        }
    }
}
