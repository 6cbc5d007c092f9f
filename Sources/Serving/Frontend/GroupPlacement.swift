package import Checkpoints
package import GroupLauncher
package import RankProgram

/// Asks hosts what they have, and places a group's ranks on them.
package enum GroupPlacement {
    /// Fills in what placing depends on, and places the ranks.
    ///
    /// `nil` where they all run on this host, or the operator's arguments for `mpirun` say where. Asking the hosts takes
    /// some seconds at most.
    ///
    /// - Throws: `HostMemoryError` if no host has the memory for a rank, `LaunchError` if there are too few slots.
    package static func prepare(
        _ spec: inout GroupSpec,
        _ checkpoint: Checkpoint,
        _ options: RankOptions
    ) throws -> Placement? {
        try learn(&spec, checkpoint, options)
        guard let hosts = spec.hosts, !Placement.isOperators(spec) else { return try Placement.of(spec) }
        spec.facts = HostSurvey(spec).facts(of: hosts)
        return try Placement.of(spec)
    }

    /// Fills in what of a group's ranks placing depends on, and the hosts, without asking them.
    static func learn(_ spec: inout GroupSpec, _ checkpoint: Checkpoint, _ options: RankOptions) throws {
        spec.threads = options.threads
        (spec.visionThreads, spec.spreadsVision) = (options.visionThreads, options.spreadsVision)
        spec.bytesOfRanks = { ranks in
            let plan = (try? GroupPlan(checkpoint, options.resized(to: ranks)))?.ranks ?? []
            // Shares that are measured follow the room of each host: the ranks themselves see to that.
            return plan.map { options.measuresShares && $0.rank < ranks ? $0.workBytes : $0.totalBytes }
        }
        spec.hosts = try spec.namedHosts()
    }

    /// The same of several groups, each thing once.
    package static func warnings(_ placements: [Placement]) -> [String] {
        Set(placements.flatMap { warnings($0) }).sorted()
    }

    /// What of the hosts could not be found out.
    package static func warnings(_ placement: Placement) -> [String] {
        let silent = placement.hosts.indices.filter { host in
            placement.places.contains { $0.host == host && $0.processors == nil }
        }
        guard !silent.isEmpty else { return [] }
        let names = silent.map { placement.hosts[$0].name }.joined(separator: ", ")
        return [
            "\(silent.count == 1 ? "host" : "hosts") \(names) did not say what \(silent.count == 1 ? "it has" : "they have"): "
                + "slots count, memory is not known, and ranks choose their threads themselves"
        ]
    }
}
