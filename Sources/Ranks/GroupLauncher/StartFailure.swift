import Diagnostics
internal import Requests

/// Why a group whose ranks have all said hello did not become ready in time.
enum StartFailure: Equatable {
    /// Two ranks, the smaller number first.
    struct Pair: Equatable {
        let one: Int
        let other: Int

        init(_ one: Int, _ other: Int) { (self.one, self.other) = (one, other) }
    }

    /// A rank made no progress with the checkpoint: in opening it, or in loading.
    case noProgress(rank: Int, isOpening: Bool, parts: Parts?, Duration)
    /// Ranks did not come out of `MPI_Init`.
    case notInitialised(ranks: [Int], Duration)
    /// No message came from one rank to another, in one direction at least.
    case strangers([Pair], Duration)

    /// Parts of the shard that were loaded.
    struct Parts: Equatable {
        let done: Int
        let total: Int
    }

    /// The error to show.
    ///
    /// - Parameter cause: how the group ended before the time was over; `nil` if it did not.
    func error(_ members: [Int: RankHello], cause: String? = nil) -> LaunchError {
        let place = { (rank: Int) in members[rank]?.place ?? "rank \(rank)" }
        switch self {
        case .noProgress(let rank, let isOpening, let parts, let limit):
            let what = isOpening ? "has not opened the checkpoint" : "has loaded nothing more"
            let loaded = parts.map { ": \($0.done) of \($0.total) parts are there" } ?? ""
            return LaunchError(
                "\(place(rank)) \(what) within \(Self.text(limit))\(loaded)",
                hint:
                    "look at the file system of the checkpoint on that host; \(GroupSpec.Limits.variable)=load=SECONDS "
                    + "gives it more time"
            )
        case .notInitialised(let ranks, let limit):
            return LaunchError(
                "\(Self.list(ranks.map(place))) did not come out of MPI_Init\(Self.end(limit, cause))",
                hint:
                    "mpirun's daemons may not reach each other: look for a firewall between the hosts, or choose a network: "
                    + "--mpirun-args \"--mca oob_tcp_if_include 10.0.0.0/24\""
            )
        case .strangers(let pairs, let limit):
            let shown = pairs.prefix(3).map { "\(place($0.one)) and \(place($0.other))" }
            let rest = pairs.count > 3 ? ", and \(pairs.count - 3) more pairs," : ""
            return LaunchError(
                "\(shown.joined(separator: ", "))\(rest) cannot reach each other\(Self.end(limit, cause))",
                hint: Self.networkHint
            )
        }
    }

    static let networkHint =
        "look for a firewall between these hosts (every port must be open between ranks), or choose a network: "
        + "--mpirun-args \"--mca btl_tcp_if_include 10.0.0.0/24\""

    private static func end(_ limit: Duration, _ cause: String?) -> String {
        cause.map { ": \($0)" } ?? " within \(text(limit))"
    }

    private static func text(_ limit: Duration) -> String {
        limit.seconds == limit.seconds.rounded() ? "\(Int(limit.seconds)) s" : "\(limit.seconds) s"
    }

    private static func list(_ names: [String]) -> String {
        names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " and \(names[names.count - 1])"
    }
}
