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
            GenerateCommand.self, TokenizeCommand.self, TilesCommand.self, PlanCommand.self, DoctorCommand.self,
            ScaleCommand.self, SynthCommand.self, PackCommand.self, CompareCommand.self, ServeCommand.self,
            AskCommand.self, VerifyCommand.self,
            TopCommand.self,
            RankCommand.self, DoctorHostCommand.self, DoctorRankCommand.self, ScaleRankCommand.self,
            BenchCommand.self,
        ]
    )

    package init() {}

    /// Writes `--stop ---` as `--stop=---`: the parser takes values that begin with a dash, but not words that look like no
    /// option at all.
    static func joined(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        var isPastMark = false
        for argument in arguments {
            let isOdd = ["---", "-=", "--="].contains { argument.hasPrefix($0) }
            if isOdd, !isPastMark, let last = joined.last, last.hasPrefix("--"), last != "--", !last.contains("=") {
                joined[joined.count - 1] += "=" + argument
            } else {
                joined.append(argument)
            }
            isPastMark = isPastMark || argument == "--"
        }
        return joined
    }

    /// Runs the command and turns every error into one sentence and its exit code.
    package static func main() {
        StandardDescriptors.fillGaps()
        let isRank = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_RANK"] != nil
        do {
            var command = try parseAsRoot(joined(Array(CommandLine.arguments.dropFirst())))
            // A rank says it over its link.
            if !(command is RankCommand) { try InstructionSetCheck.run(ProcessInfo.processInfo.environment) }
            try command.run()
        } catch let error as any OperatorError {
            StandardError.sayLast("flotilla: \(error.report)\n", isPassedOn: isRank)
            Foundation.exit(error.exitCode.rawValue)
        } catch {
            if exitCode(for: error).isSuccess { exit(withError: error) }
            StandardError.sayLast("\(fullMessage(for: error))\n", isPassedOn: isRank)
            let usage = error is ValidationError || exitCode(for: error) == .validationFailure
            Foundation.exit(usage ? Diagnostics.ExitCode.usage.rawValue : Diagnostics.ExitCode.internalError.rawValue)
        }
    }
}
