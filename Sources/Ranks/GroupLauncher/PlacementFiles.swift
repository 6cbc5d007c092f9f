import GroupLink

/// What `mpirun` reads of a ``Placement``: files of the launcher's own, in its private directory.
package enum PlacementFiles {
    /// How `mpirun` learns where each rank runs.
    package enum Layout: Equatable {
        /// A rankfile, which binds each rank to the processors of its place.
        case rankfile(String)
        /// A hostfile that has a line for each rank, for hosts whose processors nobody knows.
        case sequence
    }

    /// Writes the hosts and the placement, and tells the ranks of it; `spec.hostfile` is then the launcher's own.
    ///
    /// - Throws: ``LaunchError`` if a file cannot be written.
    static func write(
        _ placement: Placement?,
        _ spec: inout GroupSpec,
        to scratch: GroupScratch?,
        in parent: String
    ) throws(LaunchError) -> Layout? {
        guard placement != nil || spec.hosts != nil else { return nil }
        guard let scratch else {
            throw LaunchError(
                "no directory for the list of hosts can be made in \(parent)",
                hint: "set TMPDIR to another"
            )
        }
        do {
            if let placement {
                spec.exportedEnvironment[RankPlaces.variableName] = placement.rankPlaces.text
                let processors = RankPlaces.text(helperProcessors: placement.helperProcessors)
                if !processors.isEmpty { spec.exportedEnvironment[RankPlaces.helperProcessorsName] = processors }
            }
            guard let placement, let rankfile = placement.rankfile else {
                // A hostfile of hosts of which not one is left to choose has been refused before.
                let text = placement?.sequence ?? spec.hosts?.text ?? ""
                spec.hostfile = try scratch.write(text, to: "hosts")
                return placement == nil ? nil : .sequence
            }
            // mpirun starts a daemon on each host that it knows, whatever the rankfile says: under Slurm on all of the
            // job's, unless a hostfile leaves some out. A single one that is dead takes the daemons of all with it.
            if spec.hosts != nil { spec.hostfile = try scratch.write(placement.usedHosts.text, to: "hosts") }
            return .rankfile(try scratch.write(rankfile, to: "ranks"))
        } catch {
            scratch.remove()
            throw error
        }
    }

    /// Open MPI's parameters for names and processors as we write them.
    static func parameters(of spec: GroupSpec, _ layout: Layout?) -> [(name: String, value: String)] {
        var list: [(String, String)] = []
        if case .rankfile = layout {
            // The kernel's numbers, which mean the same to everybody.
            list.append(("rmaps_rank_file_physical", "1"))
        }
        let names = spec.hosts?.hosts.map(\.name) ?? []
        // Open MPI would cut the domain off a name, and log in to another host of the same first name, or to none.
        if names.contains(where: { $0.contains(".") && !HostName.isAddress($0) }) {
            list.append(("orte_keep_fqdn_hostnames", "1"))
        }
        // Its short form of a list of names knows neither addresses of IPv6 nor underscores.
        if names.contains(where: { $0.contains(":") || $0.contains("_") }) { list.append(("regx", "naive")) }
        return list
    }
}

extension Placement {
    /// The placement of a group; `nil` where `mpirun` is told by the operator, or has no choice: on one host without NUMA.
    package static func of(_ spec: GroupSpec) throws -> Placement? {
        guard !isOperators(spec) else { return nil }
        var demand = Demand(decoderRanks: spec.decoderRanks, visionRanks: spec.visionRanks, threads: spec.threads)
        demand.bytes = spec.bytesOfRanks?(spec.decoderRanks) ?? []
        (demand.visionThreads, demand.spreadsVision) = (spec.visionThreads, spec.spreadsVision)
        if let hosts = spec.hosts {
            demand.isOversubscribed = isOversubscribed(spec)
            return hosts.hosts.isEmpty ? nil : try Placement(hosts, facts(of: spec, hosts), demand)
        }
        let here = Hostfile(hosts: [.init(name: "localhost")])
        guard MpirunCommand.isOfOneHost(spec), let facts = facts(of: spec, here)["localhost"], facts.nodes.count > 1
        else {
            return nil
        }
        demand.isOversubscribed = true
        return try Placement(here, ["localhost": facts], demand)
    }

    /// Whether the operator lets hosts have more ranks than slots.
    package static func isOversubscribed(_ spec: GroupSpec) -> Bool {
        !oversubscription.isDisjoint(with: spec.extraMpirunArguments)
            || MpirunCommand.isGiven("rmaps_base_oversubscribe", spec)
    }

    /// Whether arguments or variables of the operator say where ranks run.
    package static func isOperators(_ spec: GroupSpec) -> Bool {
        let words = spec.extraMpirunArguments.map { $0.hasPrefix("--") ? String($0.dropFirst()) : $0 }
        let names = words + spec.environment.keys.filter { $0.hasPrefix("OMPI_MCA_") }.map { String($0.dropFirst(9)) }
        return names.contains { name in
            mapping.contains(name) || name == "orte_rankfile"
                || (name.hasPrefix("rmaps") && name != "rmaps_base_oversubscribe")
        }
    }

    private static let mapping: Set = [
        "-map-by", "-rankfile", "-rf", "-host", "-H", "-hostfile", "-machinefile", "-default-hostfile", "-bynode",
        "-byslot", "-bycore", "-npernode", "-N", "-npersocket", "-ppr", "-pernode", "-cpus-per-proc", "-cpus-per-rank",
        "-rank-by", "-seq", "-app",
    ]
    private static let oversubscription: Set = ["--oversubscribe", "-oversubscribe"]

    /// What is known of the hosts; this one need not be asked.
    private static func facts(of spec: GroupSpec, _ hostfile: Hostfile) -> [String: HostFacts] {
        var facts = spec.facts
        for host in hostfile.hosts where host.isThisHost && facts[host.name] == nil {
            facts[host.name] = HostFacts.ofThisHost()
        }
        return facts
    }
}
