package import GroupLauncher
internal import GroupLink
internal import RankProgram

/// Where a draft model's ranks run: on processors that the decoder's ranks do without, or else on those of its vision ranks.
extension DraftLaunch {
    /// What a step is taken to check, where processors are divided.
    private static let tokensOfStep = 4.0

    /// Cores of a host that a draft model's ranks have: so many that they guess a step's tokens while it lasts.
    ///
    /// - Parameters:
    ///   - bytes: of the weights of the draft model, and of the decoder.
    ///   - threads: of each of the decoder's ranks, where the operator says.
    /// - Returns: 0 where there are too few to divide.
    static func cores(
        of all: Int,
        draftRanks: Int,
        decoderRanks: Int,
        bytes: (draft: Int, decoder: Int),
        threads: Int?
    ) -> Int {
        if let threads { return max(0, all - threads * decoderRanks) }
        let (work, rest) = (tokensOfStep * Double(bytes.draft), Double(bytes.decoder))
        let wanted = Int((Double(all) * work / max(work + rest, 1)).rounded())
        return max(0, min(max(draftRanks, wanted), all / 2, all - decoderRanks))
    }

    /// Divides what a group has of this host between it and its draft model, where all ranks of both run here.
    ///
    /// - Parameters:
    ///   - group: the decoder's, as it is placed without a draft model.
    ///   - bytes: as in `cores`.
    package mutating func divide(
        _ group: inout GroupPlacement.Group,
        bytes: (draft: Int, decoder: Int),
        facts: HostFacts? = HostFacts.ofThisHost()
    ) throws {
        // What all ranks of both need here is checked as one sum.
        spec.bytesOfRanks = nil
        guard let whole = group.spec.facts["localhost"] ?? facts else { return }
        let all = whole.cores
        let mine = Self.cores(
            of: all,
            draftRanks: options.decoderRanks,
            decoderRanks: group.spec.decoderRanks,
            bytes: bytes,
            threads: group.spec.threads
        )
        guard mine > 0, mine < all else {
            // Too few to divide: as little in the decoder's way as can be.
            options.threads = 1
            return
        }
        group.placement = try Self.keep(&group.spec, to: whole.part(0..<(all - mine), of: all))
        _ = try Self.keep(&spec, to: whole.part((all - mine)..<all, of: all))
    }

    private static func keep(_ spec: inout GroupSpec, to part: HostFacts) throws -> Placement? {
        spec.facts["localhost"] = part
        let placement = try Placement.of(spec)
        // A placement binds ranks by itself.
        spec.exportedEnvironment[RankPlaces.processorsName] =
            placement == nil ? OwnProcessors.text(part.processors) : nil
        return placement
    }

    /// Puts the ranks on the hosts of the decoder's vision ranks, which rest while answers are decoded.
    ///
    /// They have the memory that the group leaves there; what does not fit is refused when it is to be started.
    ///
    /// - Parameter placement: of the decoder's group, as it is now.
    package mutating func join(visionRanksOf placement: Placement, decoderRanks: Int) {
        var hosts: [Hostfile.Host] = []
        for rank in placement.seats.indices.dropFirst(decoderRanks) {
            var host = placement.host(of: rank)
            // The slots are the decoder's; these ranks come on top.
            host.slots = options.worldSize
            if !hosts.contains(where: { $0.name == host.name }) { hosts.append(host) }
        }
        spec.hosts = Hostfile(hosts: hosts)
        spec.facts = factsLeft(by: placement, decoderRanks: decoderRanks)
        let decoders = Set((0..<decoderRanks).map { placement.host(of: $0).name })
        options.threads = hosts.contains { decoders.contains($0.name) } ? 1 : nil
    }

    /// What hosts have beside the decoder's group.
    private func factsLeft(by placement: Placement, decoderRanks: Int) -> [String: HostFacts] {
        let bytes = bytesOfGroup?(decoderRanks) ?? []
        var facts = factsOfGroup
        for (index, host) in placement.hosts.enumerated() {
            guard let available = facts[host.name]?.availableBytes else { continue }
            let taken = placement.ranks(on: index).reduce(0) { $0 + (bytes.indices.contains($1) ? bytes[$1] : 0) }
            facts[host.name]?.availableBytes = max(0, available - taken)
        }
        return facts
    }
}
