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
            SIGINT and SIGUSR1 finish what runs and exit with 0; a second SIGTERM or SIGINT stops at once.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions
    @OptionGroup var launch: LaunchOptions
    @OptionGroup var serving: ServingOptions

    func run() throws {
        SignalWatch.ignoreBrokenPipes()
        let checkpoint = try Checkpoint(directory: try model.directory())
        let tokenizer = try Tokenizer(directory: checkpoint.directory)
        let rankOptions = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: ServingOptions.cacheTokens(checkpoint, group),
            maxSequences: ServingOptions.maxSequences
        )
        let isLocal = launch.isLocal && !serving.attach
        if isLocal { try HostMemory.check(try GroupPlan(checkpoint, rankOptions)) }
        var spec = try launch.spec(rankOptions)
        try serving.prepareLink(&spec)
        if serving.attach { try serving.prepareAttachment(&spec) }
        let options = try serving.options(rankOptions, spec, version: Flotilla.configuration.version)
        let server = try FlotillaServer(
            options,
            checkpoint: checkpoint,
            tokenizer: tokenizer,
            logger: try serving.logger(verbose: launch.verbose),
            fits: { ranks in
                var smaller = rankOptions
                smaller.decoderRanks = ranks
                guard isLocal, let plan = try? GroupPlan(checkpoint, smaller) else { return !isLocal }
                return (try? HostMemory.check(plan)) != nil
            },
            onReady: { Self.note("ready") }
        )
        if options.tokens.contains(where: \.isWeak) {
            Self.note("warning: a token of fewer than 8 characters can be tried out")
        }
        for warning in LaunchWarnings.of(rankOptions) where isLocal { Self.note("warning: \(warning)") }
        for address in server.addresses { Self.note("listening on \(address)") }
        if serving.attach { Self.note(serving.attachmentHint(spec, rankOptions)) }
        SignalWatch.start([SIGINT, SIGTERM, SIGUSR1]) { server.take(signal: $0) }
        try server.run()
    }

    private static func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
