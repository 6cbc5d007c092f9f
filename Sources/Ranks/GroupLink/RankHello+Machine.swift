package import Requests

extension RankHello {
    /// The hello of a rank on this machine, in this process.
    package init(
        rank: Int,
        worldSize: Int,
        role: RankRole,
        threads: Int = 1,
        version: String = "",
        fingerprint: String = "",
        host: String = Machine.hostName
    ) {
        self.init(
            rank: rank,
            worldSize: worldSize,
            role: role,
            threads: threads,
            version: version,
            fingerprint: fingerprint,
            host: host,
            machine: Machine.identity,
            pid: Machine.pid
        )
    }
}
