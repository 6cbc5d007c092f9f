/// Who may have how many of the process's descriptors.
///
/// A connection takes one. What the server needs itself (links to ranks, pipes to `mpirun`, files that are opened for a
/// moment) is kept back, so that however many clients come it goes on, and a group that was lost is started again.
/// The HTTP port has a share of its own, and a few places are the operator's, who comes over a Unix socket.
struct ConnectionBudget: Sendable, Equatable {
    enum Port: Hashable, Sendable, CaseIterable {
        /// FLOTILLA/1 over TCP, and over a Unix socket.
        case lines, unix
        case http
    }

    enum Verdict: Sendable, Equatable {
        case serve
        /// There is a descriptor to say that there is no room, and no more.
        case turnAway
    }

    /// Connections that speak FLOTILLA/1, of both kinds.
    let lineLimit: Int
    let httpLimit: Int
    /// Places among those of `lineLimit` that only a Unix socket gets.
    let kept: Int
    /// Connections that may be told at the same time that there is no room.
    let farewells: Int
    private(set) var open: [Port: Int] = [:]
    private(set) var leaving = 0

    /// - Parameters:
    ///   - descriptors: how many the process may have.
    ///   - used: how many it has before anybody connects.
    ///   - ranks: of the group, each with a link.
    ///   - connections: how many connections that speak FLOTILLA/1 are wanted at most.
    /// - Returns: `nil` if the server itself would have too few.
    init?(descriptors: Int, used: Int, ranks: Int, connections: Int) {
        let left = descriptors - used - Self.reserve(ranks: ranks)
        guard left >= Self.least else { return nil }
        farewells = min(16, left / 8)
        httpLimit = min(1024, left / 4)
        lineLimit = min(connections, left - farewells - httpLimit)
        kept = min(8, lineLimit / 4)
    }

    /// Descriptors kept back: links, of the group that ends and of the one that starts; pipes and files.
    static func reserve(ranks: Int) -> Int { 2 * ranks + 24 }

    /// With fewer places than this nobody is served.
    static let least = 16

    /// A connection has been accepted.
    mutating func admit(_ port: Port) -> Verdict {
        guard hasRoom(port) else {
            leaving += 1
            return .turnAway
        }
        open[port, default: 0] += 1
        return .serve
    }

    /// A connection was accepted that is not served for another reason than room.
    mutating func turnAway() { leaving += 1 }

    /// A connection is closed.
    mutating func release(_ port: Port, _ verdict: Verdict) {
        switch verdict {
        case .serve: open[port, default: 0] -= 1
        case .turnAway: leaving -= 1
        }
    }

    /// Whether another connection may be accepted, if only to be turned away.
    func mayAccept(_ port: Port) -> Bool { hasRoom(port) || leaving < farewells }

    func limit(_ port: Port) -> Int {
        switch port {
        case .lines: lineLimit - kept
        case .unix: lineLimit
        case .http: httpLimit
        }
    }

    private func hasRoom(_ port: Port) -> Bool {
        let (lines, unix) = (open[.lines, default: 0], open[.unix, default: 0])
        return switch port {
        case .lines: lines < lineLimit - kept && lines + unix < lineLimit
        case .unix: lines + unix < lineLimit
        case .http: open[.http, default: 0] < httpLimit
        }
    }
}
