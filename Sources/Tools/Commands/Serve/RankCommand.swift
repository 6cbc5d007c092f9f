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

    func run() throws {
        let options = try group.rankOptions(model: try model.directory(), cacheTokens: 8192, maxSequences: 8)
        try RankMain.run(options, version: Flotilla.configuration.version)
    }
}
