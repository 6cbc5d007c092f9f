/// How the ranks of a group reach each other: through memory inside a domain, in messages between domains.
///
/// Made once for a group; several all-reduces stand on it. What their exchanges cost counts in the group's meter.
package final class RankFabric {
    package let communicator: any Communicator
    package let domains: MemoryDomains
    /// The ranks of this one's domain where some share memory and some do not; may be this one alone.
    package let local: (any Communicator)?
    /// The first ranks of the domains, on those; `nil` on others, and where there is one domain.
    package let speakers: (any Communicator)?
    /// What exchanges between the speakers cost; `nil` on ranks that are none.
    package let network: NetworkModel?

    /// Of ranks that exchange messages alone, or of one rank.
    package init(apart communicator: any Communicator) {
        self.communicator = communicator
        domains = .apart(communicator.size)
        local = nil
        speakers = communicator.size > 1 ? communicator : nil
        network = nil
    }

    /// The same with another network, for which the ranks then choose their way.
    package init(_ other: RankFabric, network: NetworkModel?) {
        (communicator, domains, local) = (other.communicator, other.domains, other.local)
        speakers = other.speakers
        self.network = network
    }

    fileprivate init(
        _ communicator: MPICommunicator,
        _ domains: MemoryDomains,
        local: MPICommunicator?,
        speakers: MPICommunicator?
    ) throws(MPIError) {
        self.communicator = communicator
        self.domains = domains
        self.local = local
        self.speakers = speakers
        network = if let speakers { try NetworkModel.measure(speakers) } else { nil }
    }
}

extension MPICommunicator {
    /// Finds out who shares memory with whom, and measures the network between those who do not.
    ///
    /// Collective.
    package func fabric() throws(MPIError) -> RankFabric {
        guard size > 1 else { return RankFabric(apart: self) }
        return try fabric(labels: hosts())
    }

    /// The same where ranks share memory only with those of their label.
    ///
    /// Collective; labels are the same on every rank, and ranks of one label are on one host.
    package func fabric(labels: [Int]) throws(MPIError) -> RankFabric {
        let together = try split(colour: labels[rank])
        // Containers on one machine may not see each other's memory: a try tells.
        let bytes = Array(repeating: 64, count: together.size)
        let shares = together.size == 1 || together.share(byteCounts: bytes, copies: 1) != nil
        let sharing = try allGather(shares ? 1 : 0)
        // A label that nobody else has, for each rank that is left to itself.
        let domains = MemoryDomains(labels: labels.indices.map { sharing[$0] == 1 ? labels[$0] : labels.count + $0 })
        let local = try split(colour: domains.place(of: rank).domain, meter: meter)
        let speakers = try split(colour: local.rank == 0 ? 0 : 1, meter: meter)
        return try RankFabric(
            self,
            domains,
            local: domains.isMixed ? local : nil,
            speakers: local.rank == 0 && domains.count > 1 ? speakers : nil
        )
    }
}
