package import Diagnostics
package import Requests

/// Ranks of a group that run different builds, which might compute different things.
package struct BuildsDifferError: OperatorError, Equatable {
    package let description: String
    package var hint: String? { "copy the same flotilla executable to every host" }
    package var exitCode: ExitCode { .ranksDisagree }

    /// `nil` if all of `members` run the same build, as far as they say.
    package init?(_ members: [RankHello]) {
        let known = members.filter { !$0.build.isEmpty }
        let counts = Dictionary(grouping: known, by: \.build).mapValues(\.count)
        guard counts.count > 1, let first = known.first else { return nil }
        // What most ranks run is taken for right; with as many on both sides, what rank 0 runs.
        let most = counts.values.max() ?? 0
        let common = counts[first.build] == most ? first.build : counts.first { $0.value == most }?.key ?? first.build
        let odd = known.filter { $0.build != common }
        var hosts: [String] = []
        for rank in odd where !hosts.contains(rank.host) { hosts.append(rank.host) }
        let right = known.first { $0.build == common }
        description =
            "\(hosts.count == 1 ? "host" : "hosts") \(hosts.joined(separator: ", ")) "
            + "\(hosts.count == 1 ? "runs" : "run") another build of flotilla (\(odd[0].build.prefix(12))) than host "
            + "\(right?.host ?? "") (\(common.prefix(12)))"
    }
}
