internal import Diagnostics
package import Foundation
internal import GroupLink
package import Requests

/// What a front hears from its group.
package enum BackendEvent: Sendable {
    /// Parts of the model that all ranks together have loaded.
    case loading(done: Int, total: Int)
    /// Every rank has loaded its shard and waits for work.
    case ready([RankStats])
    case report(LinkReport, attachment: Data)
}

/// A group that generates: ranks under `mpirun`, or one rank in this process.
package protocol GenerationBackend: AnyObject {
    /// Sends a request and the pictures that it refers to.
    func submit(_ job: GenerateJob, images: [(job: ImageJob, bytes: Data)])

    /// Ends a request at once, on every rank.
    func cancel(id: String)

    /// Frees what the ranks hold of pictures that no request refers to any more.
    func forget(images: [Int32])

    /// The next event; `nil` when none came within the limit.
    ///
    /// - Throws: what ended the group, when it has ended.
    func next(within limit: Duration) throws -> BackendEvent?

    /// Ends the group and waits until nothing of it is left.
    func shutDown()
}

/// The person in front asked to stop, with a signal.
package struct Interrupted: Error {
    package let signal: Int32

    package init(signal: Int32) { self.signal = signal }
}

/// Adds up the ranks' load progress and notices when all of them are ready.
struct LoadTracker {
    private var parts: [Int: (done: Int, total: Int)] = [:]
    private var stats: [Int: RankStats] = [:]
    private let worldSize: Int

    init(worldSize: Int) { self.worldSize = worldSize }

    /// The event that a report amounts to, while the group loads.
    mutating func event(rank: Int, _ report: LinkReport) -> BackendEvent? {
        switch report {
        case .progress(_, let done, let total):
            parts[rank] = (done, total)
            let sums = parts.values.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.total) }
            return .loading(done: sums.0, total: sums.1)
        case .ready(let rankStats):
            stats[rank] = rankStats
            guard stats.count == worldSize else { return nil }
            return .ready((0..<worldSize).compactMap { stats[$0] })
        default:
            return nil
        }
    }
}
