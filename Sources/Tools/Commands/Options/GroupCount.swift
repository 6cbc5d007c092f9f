import ArgumentParser
import Diagnostics

/// The option that asks for several groups, of commands that start them or show them.
struct GroupCount: ParsableArguments {
    @Option(help: "Groups of ranks that share the hosts; the others go on when one is lost.")
    var groups = 1

    static let range = 1...64

    /// The number, if it can be.
    func checked() throws -> Int {
        guard Self.range.contains(groups) else { throw UsageError("--groups is \(groups), expected 1 to 64") }
        return groups
    }
}
