import ArgumentParser
import Checkpoints
import Coordinator
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import GroupLink
import Logging
import RankProgram
import Requests
import Tokenization

/// `flotilla serve`: the coordinator.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a model on a socket, with groups of ranks that it starts, watches and restarts.",
        discussion: """
            Speaks FLOTILLA/1, a line protocol (docs/PROTOCOL.md): printf 'PING\\n' | nc 127.0.0.1 7070. SIGTERM, \
            SIGINT, SIGHUP and SIGUSR1 finish what runs and exit with 0; a second SIGTERM or SIGINT stops at once.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions
    @OptionGroup var draft: DraftOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var serving: ServingOptions
    @OptionGroup(title: "HTTP") var http: HTTPOptions

    func run() throws {
        try ParallelStart.check("serve", ProcessInfo.processInfo.environment)
        SignalWatch.ignoreBrokenPipes()
        try serving.checkGroups()
        let checkpoint = try Checkpoint(directory: try model.directory())
        let tokenizer = try Tokenizer(directory: checkpoint.directory)
        let rankOptions = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: ServingOptions.cacheTokens(checkpoint, group),
            maxSequences: ServingOptions.maxSequences,
            hosts: launch.hosts(),
            groups: serving.groups
        )
        if !serving.attach { try launch.checkPageDirectory(rankOptions) }
        let draft = try draft.model(for: checkpoint, rankOptions)
        if serving.attach, draft != nil {
            throw UsageError(
                "--speculate draft cannot be with --attach: the ranks of a draft model are started here",
                hint: "leave one of them out"
            )
        }
        var spec = try launch.spec(rankOptions)
        try serving.prepareLink(&spec)
        if serving.attach { try serving.prepareAttachment(&spec) }
        var groups =
            serving.attach
            ? [GroupPlacement.Group(spec: spec)]
            : try GroupPlacement.prepare(groups: serving.groups, spec, checkpoint, rankOptions)
        let placements = groups.compactMap(\.placement)
        let isLocal = launch.isOfOneHost && !serving.attach && placements.isEmpty
        let plan = try GroupPlan(checkpoint, rankOptions)
        if isLocal {
            let draftBytes = groups.count * (draft?.plan.totalBytes ?? 0)
            try HostMemory.check(plan, groups: groups.count, besides: draftBytes)
        }
        let drafts = try draft?.launches(beside: &groups, plan) ?? []
        let placed = groups
        let version = Flotilla.configuration.version
        var options = try serving.options(rankOptions, placed.map(\.spec), http: http, version: version)
        options.receipts = try Receipt.Origin(checkpoint, tokenizer, rankOptions)
        options.drafts = drafts
        let (logger, log) = try serving.logger(verbose: launch.verbose)
        let server = try FlotillaServer(
            options,
            checkpoint: checkpoint,
            tokenizer: tokenizer,
            logger: logger,
            log: log,
            fits: { slot, ranks in
                if placed[slot].placement != nil {
                    var smaller = placed[slot].spec
                    smaller.decoderRanks = ranks
                    return (try? Placement.of(smaller)) != nil
                }
                guard isLocal, let plan = try? GroupPlan(checkpoint, rankOptions.resized(to: ranks)) else {
                    return !isLocal
                }
                return (try? HostMemory.check(plan)) != nil
            },
            onReady: { log.write("ready") }
        )
        if options.tokens.contains(where: \.isWeak) {
            log.write("warning: a token of fewer than 8 characters can be tried out")
        }
        let warnings =
            isLocal
            ? LaunchWarnings.of(rankOptions, groups: groups.count)
            : GroupPlacement.warnings(placements)
        for warning in warnings + LaunchWarnings.ofWire(rankOptions) { log.write("warning: \(warning)") }
        for address in server.addresses { log.write("listening on \(address)") }
        if serving.attach { log.write(serving.attachmentHint(spec, rankOptions)) }
        log.flush(within: .seconds(1))
        // What nohup ignores stays ignored.
        let signals = FlotillaServer.signals.filter { $0 != SIGHUP || !SignalWatch.isIgnored(SIGHUP) }
        SignalWatch.start(signals) { server.take(signal: $0) }
        try server.run()
    }
}
