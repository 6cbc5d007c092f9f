/// What of a group the hosts that are left have room for: a pure value.
///
/// Where slots are too few for all ranks, both kinds become fewer by the same part, and one of each stays.
package struct GroupRoom: Sendable, Equatable {
    /// Decoder ranks; `nil`: as many as are wanted.
    package var decoderRanks: Int?
    package var visionRanks: Int?
    /// Hosts that such a group has ranks on.
    package var hosts: Int

    /// - Parameters:
    ///   - spec: of the group as it was asked for.
    ///   - hosts: those that are left.
    package init(_ spec: GroupSpec, on hosts: Hostfile) {
        self.init(slots: Self.slots(of: hosts, spec), decoderRanks: spec.decoderRanks, visionRanks: spec.visionRanks)
        var smaller = spec
        smaller.hosts = hosts
        smaller.decoderRanks = min(spec.decoderRanks, decoderRanks ?? spec.decoderRanks)
        smaller.visionRanks = min(spec.visionRanks, visionRanks ?? spec.visionRanks)
        // Where mpirun is told by the operator, it goes round the hosts or fills them; more of them are better anyhow.
        let placement = try? Placement.of(smaller)
        self.hosts = placement?.usedHosts.hosts.count ?? min(hosts.hosts.count, smaller.worldSize)
    }

    /// Slots of the hosts that are left; more where the operator wants more ranks than slots, in the same proportion: what
    /// all hosts held together need not fit on a few.
    private static func slots(of hosts: Hostfile, _ spec: GroupSpec) -> Int? {
        guard let left = hosts.slots, Placement.isOversubscribed(spec), let all = (try? spec.namedHosts())?.slots,
            all > 0, all < spec.worldSize
        else { return hosts.slots }
        return (left * spec.worldSize + all - 1) / all
    }

    /// - Parameter slots: of all hosts; `nil` if they take any number.
    init(slots: Int?, decoderRanks: Int, visionRanks: Int) {
        hosts = 0
        guard let slots, slots < decoderRanks + visionRanks else { return }
        let part = slots * visionRanks / (decoderRanks + visionRanks)
        let visions = visionRanks == 0 ? 0 : max(1, part)
        self.visionRanks = visions
        self.decoderRanks = max(0, slots - visions)
    }
}
