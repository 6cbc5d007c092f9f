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
import Tokenization

/// `flotilla serve`: the coordinator.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves a model on a socket, with a group of ranks that it starts, watches and restarts.",
        discussion: """
            Speaks FLOTILLA/1, a line protocol (docs/PROTOCOL.md): printf 'PING\\n' | nc 127.0.0.1 7070. SIGTERM, \
            SIGINT, SIGHUP and SIGUSR1 finish what runs and exit with 0; a second SIGTERM or SIGINT stops at once.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var serving: ServingOptions

    func run() throws {
        try ParallelStart.check("serve", ProcessInfo.processInfo.environment)
        SignalWatch.ignoreBrokenPipes()
        let checkpoint = try Checkpoint(directory: try model.directory())
        let tokenizer = try Tokenizer(directory: checkpoint.directory)
        let rankOptions = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: ServingOptions.cacheTokens(checkpoint, group),
            maxSequences: ServingOptions.maxSequences
        )
        var spec = try launch.spec(rankOptions)
        let placement = serving.attach ? nil : try GroupPlacement.prepare(&spec, checkpoint, rankOptions)
        let isLocal = launch.isOfOneHost && !serving.attach && placement == nil
        if isLocal { try HostMemory.check(try GroupPlan(checkpoint, rankOptions)) }
        try serving.prepareLink(&spec)
        if serving.attach { try serving.prepareAttachment(&spec) }
        let options = try serving.options(rankOptions, spec, version: Flotilla.configuration.version)
        let launched = spec
        let isPlaced = placement != nil
        let (logger, log) = try serving.logger(verbose: launch.verbose)
        let server = try FlotillaServer(
            options,
            checkpoint: checkpoint,
            tokenizer: tokenizer,
            logger: logger,
            log: log,
            fits: { ranks in
                if isPlaced {
                    var smaller = launched
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
        let warnings = isLocal ? LaunchWarnings.of(rankOptions) : placement.map(GroupPlacement.warnings) ?? []
        for warning in warnings { log.write("warning: \(warning)") }
        for address in server.addresses { log.write("listening on \(address)") }
        if serving.attach { log.write(serving.attachmentHint(spec, rankOptions)) }
        log.flush(within: .seconds(1))
        // What nohup ignores stays ignored.
        let signals = FlotillaServer.signals.filter { $0 != SIGHUP || !SignalWatch.isIgnored(SIGHUP) }
        SignalWatch.start(signals) { server.take(signal: $0) }
        try server.run()
    }
}
