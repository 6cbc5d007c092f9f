package import Checkpoints
internal import Diagnostics
package import GroupLauncher
internal import GroupLink
package import RankProgram

extension GroupPlacement {
    /// How one of several groups is started, and where.
    package struct Group: Sendable {
        package var spec: GroupSpec
        /// `nil` where all run on this host, as one host that is not divided into NUMA nodes.
        package var placement: Placement?

        package init(spec: GroupSpec, placement: Placement? = nil) {
            (self.spec, self.placement) = (spec, placement)
        }
    }

    /// Divides hosts, or the processors of this one, over groups that know nothing of each other, and places each.
    ///
    /// - Throws: `LaunchError` if there are too few slots, `UsageError` if somebody else places ranks, or as
    ///   ``prepare(_:_:_:)``.
    package static func prepare(
        groups count: Int,
        _ spec: GroupSpec,
        _ checkpoint: Checkpoint,
        _ options: RankOptions
    ) throws -> [Group] {
        var spec = spec
        if count == 1 {
            let placement = try prepare(&spec, checkpoint, options)
            return [Group(spec: spec, placement: placement)]
        }
        guard !Placement.isOperators(spec) else {
            throw UsageError(
                "arguments or variables of mpirun say where ranks run, which cannot be for \(count) groups at once",
                hint: "leave them out: the groups are placed on the hosts of --hostfile"
            )
        }
        try learn(&spec, checkpoint, options)
        guard let hosts = spec.hosts else {
            guard !spec.isOfBatchSystem else {
                throw UsageError(
                    "the batch system does not name its hosts, and \(count) groups must be divided over them",
                    hint: "name the hosts with --hostfile"
                )
            }
            return try onThisHost(spec, count)
        }
        spec.facts = HostSurvey(spec).facts(of: hosts)
        return try divide(hosts, spec, count).map { Group(spec: $0, placement: try Placement.of($0)) }
    }

    /// Every group on this host, each with processors of its own.
    static func onThisHost(
        _ spec: GroupSpec,
        _ count: Int,
        facts: HostFacts? = HostFacts.ofThisHost()
    ) throws -> [Group] {
        try (0..<count).map { group in
            var spec = spec
            guard let facts else { return Group(spec: spec) }
            let part = facts.part(group..<group + 1, of: count)
            spec.facts["localhost"] = part
            let placement = try Placement.of(spec)
            if placement == nil {
                spec.exportedEnvironment[RankPlaces.processorsName] = OwnProcessors.text(part.processors)
            }
            return Group(spec: spec, placement: placement)
        }
    }

    /// The hosts of each group, and what it may use of those that it shares.
    static func divide(_ hosts: Hostfile, _ spec: GroupSpec, _ count: Int) throws(LaunchError) -> [GroupSpec] {
        let isOversubscribed = Placement.isOversubscribed(spec)
        let capacity = hosts.hosts.map { host in
            isOversubscribed ? Int.max : host.slots ?? spec.facts[host.name]?.cores ?? host.processors ?? Int.max
        }
        let division = try HostDivision(slots: capacity, groups: count, ranks: spec.worldSize)
        return division.groups.map { parts in
            var mine = spec
            mine.hosts = Hostfile(hosts: [])
            for part in parts {
                var host = hosts.hosts[part.host]
                if !part.isWhole {
                    let whole = part.before + part.slots + part.behind
                    host.slots = part.slots
                    host.processors = host.processors.map { max(1, $0 * part.slots / whole) }
                    mine.facts[host.name] = spec.facts[host.name]?
                        .part(part.before..<part.before + part.slots, of: whole)
                }
                mine.hosts?.hosts.append(host)
            }
            return mine
        }
    }
}
