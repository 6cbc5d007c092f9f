internal import Diagnostics
package import Foundation
package import GroupLauncher
internal import GroupLink
package import RankProgram
internal import Synchronization
package import Requests

/// A group of ranks that `mpirun` runs, started and ended with this object.
package final class MPIBackend: GenerationBackend {
    private let group: RankGroup
    private let visionRanks: Range<Int>
    private var tracker: LoadTracker
    private let interruption = Mutex<Int32?>(nil)

    /// Starts `mpirun`; the ranks load in the background.
    package init(_ spec: GroupSpec, _ options: RankOptions) throws {
        group = try RankGroup.start(spec)
        visionRanks = options.decoderRanks..<options.worldSize
        tracker = LoadTracker(worldSize: options.worldSize)
    }

    /// Ends the group in order because of a signal; `next` then throws `Interrupted`.
    package func interrupt(signal: Int32) {
        interruption.withLock { $0 = $0 ?? signal }
        group.kill()
    }

    package func submit(_ job: GenerateJob, images: [(job: ImageJob, bytes: Data)]) {
        group.send(.generate(job), to: 0)
        for image in images { group.send(.encode(image.job), attachment: image.bytes, toAll: visionRanks) }
    }

    package func cancel(id: String) { group.send(.cancel(id: id), to: 0) }

    package func forget(images: [Int32]) { group.send(.forget(images: images), toRanks: [0] + Array(visionRanks)) }

    package func next(within limit: Duration) throws -> BackendEvent? {
        guard let event = group.nextEvent(within: limit) else { return nil }
        switch event {
        case .report(let rank, let report, let attachment):
            return tracker.event(rank: rank, report) ?? .report(report, attachment: attachment)
        case .ended(let end):
            if let signal = interruption.withLock({ $0 }) { throw Interrupted(signal: signal) }
            throw end.error ?? LaunchError("the group ended before its work was done")
        case .joined, .formed, .note:
            return nil
        }
    }

    package func shutDown() { group.shutdown() }
}
