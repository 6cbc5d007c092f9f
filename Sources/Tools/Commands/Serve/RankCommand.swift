import ArgumentParser
import RankProgram

/// `flotilla rank`: what mpirun starts.
struct RankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rank",
        abstract: "One rank of a group; started by mpirun, not by hand.",
        shouldDisplay: false
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions

    @Option(help: "Tokens by which these ranks of a draft model run ahead; 0: they answer.")
    var draftLead = 0

    func run() throws {
        var options = try group.rankOptions(model: try model.directory(), cacheTokens: 8192, maxSequences: 8)
        options.draftLead = max(0, draftLead)
        try RankMain.run(options, version: Flotilla.configuration.version)
    }
}
