import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import RankProgram

/// `flotilla plan`: what every rank would hold and send, before anything is loaded.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what each rank would hold and send, without loading anything.",
        discussion: "Bytes of the KV cache are for --context tokens; memory is taken as they are used."
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint(directory: try model.directory())
        let cacheTokens = min(8192, checkpoint.config.decoder.maxPositions)
        let options = try group.rankOptions(model: checkpoint.directory, cacheTokens: cacheTokens, maxSequences: 8)
        let plan = try GroupPlan(checkpoint, options)
        let warnings = LaunchWarnings.of(options) + [MessageMemory.warning(ranks: options.worldSize)].compactMap { $0 }
        let name = checkpoint.config.modelName
        let host = ProcessInfo.processInfo.hostName
        if json {
            StandardOutput.say(try GroupPlanTable.json(plan, model: name, host: host, warnings: warnings) + "\n")
        } else {
            StandardOutput.say(GroupPlanTable.text(plan, model: name, host: host) + "\n")
            for warning in warnings { StandardOutput.say("warning: \(warning)\n") }
        }
    }
}
