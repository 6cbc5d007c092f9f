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
        discussion: """
            Bytes of the KV cache are for --context tokens; memory is taken as they are used. With --hostfile, hosts are \
            asked what they have, and each rank's host and threads are shown.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions

    @OptionGroup var launch: LaunchOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint(directory: try model.directory())
        let cacheTokens = min(8192, checkpoint.config.decoder.maxPositions)
        let options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: cacheTokens,
            maxSequences: 8,
            hosts: launch.hosts()
        )
        let (placement, refusal) = try place(checkpoint, options)
        let bare = try GroupPlan(checkpoint, options)
        let plan = placement?.completing(bare) ?? bare
        var warnings = placement.map(GroupPlacement.warnings) ?? LaunchWarnings.of(options)
        if placement == nil { warnings += [MessageMemory.warning(ranks: options.worldSize)].compactMap { $0 } }
        if options.measuresShares {
            warnings.append("with --shares auto the ranks measure their speed at each start; equal shares are shown")
        }
        let name = checkpoint.config.modelName
        let host = ProcessInfo.processInfo.hostName
        if json {
            let text = try GroupPlanTable.json(plan, model: name, host: host, placement: placement, warnings: warnings)
            StandardOutput.say(text + "\n")
        } else {
            StandardOutput.say(GroupPlanTable.text(plan, model: name, host: host, placement: placement) + "\n")
            for warning in warnings { StandardOutput.say("warning: \(warning)\n") }
        }
        if let refusal { throw refusal }
    }

    /// Where ranks would run, and why they cannot, if a host has too little memory: the plan is shown all the same.
    private func place(_ checkpoint: Checkpoint, _ options: RankOptions) throws -> (Placement?, HostMemoryError?) {
        var spec = try launch.spec(options)
        do {
            return (try GroupPlacement.prepare(&spec, checkpoint, options), nil)
        } catch let error as HostMemoryError {
            spec.bytesOfRanks = nil
            return (try Placement.of(spec), error)
        }
    }
}
