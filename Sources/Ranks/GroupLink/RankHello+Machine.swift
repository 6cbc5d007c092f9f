package import Requests

extension RankHello {
    /// The hello of a rank on this machine, in this process.
    package init(
        rank: Int,
        worldSize: Int,
        role: RankRole,
        threads: Int = 1,
        version: String = "",
        build: String = Machine.build,
        host: String = Machine.hostName,
        pid: Int32 = Machine.pid
    ) {
        self.init(
            rank: rank,
            worldSize: worldSize,
            role: role,
            threads: threads,
            version: version,
            build: build,
            host: host,
            machine: Machine.identity,
            pid: pid
        )
    }
}
