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
            asked what they have, and each rank's host and threads are shown. With --groups, each group's are, one after \
            the other.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions

    @OptionGroup var draft: DraftOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var count: GroupCount

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
        let plan = try GroupPlan(checkpoint, options)
        let count = try count.checked()
        let draft = try draft.model(for: checkpoint, options)
        var (groups, refusal) = try place(count, checkpoint, options)
        let placements = groups.compactMap(\.placement)
        var warnings =
            placements.isEmpty
            ? LaunchWarnings.of(options, groups: count) : GroupPlacement.warnings(placements)
        if placements.isEmpty { warnings += [MessageMemory.warning(ranks: options.worldSize)].compactMap { $0 } }
        warnings += LaunchWarnings.ofWire(options)
        if options.measuresShares {
            warnings.append("with --shares auto the ranks measure their speed at each start; equal shares are shown")
        }
        let launch = try draft?.launches(beside: &groups, plan).first
        let beside = draft.map { GroupPlanTable.Draft(plan: $0.plan, name: $0.name, launch: launch) }
        let name = checkpoint.config.modelName
        let host = ProcessInfo.processInfo.hostName
        if json {
            let text = try GroupPlanTable.json(
                plan,
                model: name,
                host: host,
                groups: groups,
                draft: beside,
                warnings: warnings
            )
            StandardOutput.say(text + "\n")
        } else {
            let text = GroupPlanTable.text(plan, model: name, host: host, groups: groups, draft: beside)
            StandardOutput.say(text + "\n")
            for warning in warnings { StandardOutput.say("warning: \(warning)\n") }
        }
        if let refusal { throw refusal }
    }

    /// Where ranks would run, and why they cannot, if a host has too little memory: the plan is shown all the same.
    private func place(
        _ count: Int,
        _ checkpoint: Checkpoint,
        _ options: RankOptions
    ) throws -> ([GroupPlacement.Group], HostMemoryError?) {
        var spec = try launch.spec(options)
        // Of several groups' hosts, each would have to be divided again.
        guard count == 1 else { return (try GroupPlacement.prepare(groups: count, spec, checkpoint, options), nil) }
        do {
            let placement = try GroupPlacement.prepare(&spec, checkpoint, options)
            return ([GroupPlacement.Group(spec: spec, placement: placement)], nil)
        } catch let error as HostMemoryError {
            // What the hosts have said is in the specification by now.
            spec.bytesOfRanks = nil
            return ([GroupPlacement.Group(spec: spec, placement: try Placement.of(spec))], error)
        }
    }
}
