/// What a rank does in its group.
package enum RankRole: String, Codable, Sendable, CaseIterable {
    /// Holds a shard of the decoder and generates tokens.
    case decoder
    /// Turns image bytes into visual tokens.
    case vision
}

/// How a rank introduces itself to the process in front, once it has proved the secret.
package struct RankHello: Codable, Sendable, Equatable {
    /// The rank in MPI's world, 0..<worldSize.
    package var rank: Int
    /// The number of ranks in MPI's world, as this rank sees it.
    package var worldSize: Int
    package var role: RankRole
    /// The name of the machine, for messages.
    package var host: String
    /// The address, in digits, from which the rank dialled; empty when unknown.
    package var address: String
    /// Two ranks with the same value share one process table, so that `pid` means the same to both.
    package var machine: String
    package var pid: Int32
    /// Threads that compute, the caller's included.
    package var threads: Int
    /// The version of the executable.
    package var version: String
    /// Which build of the executable runs: two that differ in anything have two values; empty when unknown.
    package var build: String

    package init(
        rank: Int,
        worldSize: Int,
        role: RankRole,
        threads: Int = 1,
        version: String = "",
        build: String = "",
        host: String,
        address: String = "",
        machine: String,
        pid: Int32
    ) {
        self.rank = rank
        self.worldSize = worldSize
        self.role = role
        self.host = host
        self.address = address
        self.machine = machine
        self.pid = pid
        self.threads = threads
        self.version = version
        self.build = build
    }

    /// The rank as errors name it: `rank 2 (vision) on host n3, pid 4711`.
    package var label: String { "rank \(rank) (\(role.rawValue)) on host \(host), pid \(pid)" }

    /// The rank as errors about networks name it: `rank 2 on n3 (10.0.0.3)`.
    package var place: String { "rank \(rank) on \(host)\(address.isEmpty ? "" : " (\(address))")" }
}
