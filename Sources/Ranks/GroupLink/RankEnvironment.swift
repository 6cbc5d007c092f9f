/// The environment variables by which a rank learns who it is and where to dial.
///
/// The address and the secret come from the process in front and are exported by name (`mpirun -x NAME`), never put
/// into an argument, because every user of a machine can read arguments. The rank comes from the launcher, so that it
/// is known before MPI is initialised: a rank dials in first, and ends with its front process even if `MPI_Init` hangs.
package struct RankEnvironment: Sendable, Equatable {
    /// `host:port` that the process in front listens on; several, between commas, where hosts reach it over several networks.
    package static let linkName = "FLOTILLA_LINK"
    /// The group's secret, 64 hexadecimal digits.
    package static let secretName = "FLOTILLA_SECRET"

    package let addresses: [LinkAddress]
    package let secret: LinkSecret
    package let rank: Int
    package let worldSize: Int

    /// Reads the variables.
    ///
    /// - Throws: ``LinkError/environment(_:)`` naming the variable that is missing or malformed.
    package init(_ variables: [String: String]) throws(LinkError) {
        guard let link = variables[Self.linkName], let secret = variables[Self.secretName] else {
            throw .environment("\(Self.linkName) and \(Self.secretName) are not both set")
        }
        let addresses = link.split(separator: ",", omittingEmptySubsequences: false).map { LinkAddress(String($0)) }
        guard addresses.allSatisfy({ $0 != nil }) else {
            throw .environment("\(Self.linkName) is \"\(link)\", expected host:port")
        }
        guard let proof = LinkSecret(hexadecimal: secret) else {
            throw .environment("\(Self.secretName) is not 64 hexadecimal digits")
        }
        self.addresses = addresses.compactMap { $0 }
        self.secret = proof
        (rank, worldSize) = try Self.place(variables)
    }

    /// The rank and the world's size as Open MPI, or else Slurm, exports them.
    private static func place(_ variables: [String: String]) throws(LinkError) -> (rank: Int, worldSize: Int) {
        let names = [("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")]
        for (rankName, sizeName) in names {
            guard let rank = variables[rankName].flatMap({ Int($0) }) else { continue }
            guard let size = variables[sizeName].flatMap({ Int($0) }), rank >= 0, rank < size else {
                throw .environment("\(rankName) is \(rank), but \(sizeName) is \(variables[sizeName] ?? "not set")")
            }
            return (rank, size)
        }
        throw .environment("neither OMPI_COMM_WORLD_RANK nor SLURM_PROCID is set")
    }
}
