package import Checkpoints
internal import Diagnostics
package import Foundation
internal import GroupLink
package import RankProgram
package import Requests

/// One decoder rank and one vision rank in this process, without MPI.
package final class LocalBackend: GenerationBackend {
    private let group = LocalGroup()
    private var tracker = LoadTracker(worldSize: 1)

    package init(_ checkpoint: Checkpoint, _ options: RankOptions) { group.start(checkpoint, options: options) }

    package func submit(_ job: GenerateJob, images: [(job: ImageJob, bytes: Data)]) {
        // The request first: it opens the images that tiles then arrive for.
        group.send(.generate(job))
        for image in images { group.send(.encode(image.job), attachment: image.bytes) }
    }

    package func cancel(id: String) { group.send(.cancel(id: id)) }

    package func forget(images: [Int32]) { group.send(.forget(images: images)) }

    package func next(within limit: Duration) throws -> BackendEvent? {
        guard let report = group.nextReport(within: limit) else { return nil }
        if case .failed(let failure) = report.message, failure.isOfRank {
            throw RankFailureInFront(failure: failure)
        }
        return tracker.event(rank: 0, report.message) ?? .report(report.message, attachment: report.attachment)
    }

    package func shutDown() {
        group.send(.shutdown)
        while let report = group.nextReport(within: .seconds(10)) {
            if report.message == .goodbye { return }
        }
    }
}

/// The rank in this process could not go on.
struct RankFailureInFront: OperatorError {
    let failure: RankFailure

    var description: String { failure.message }
    var hint: String? { failure.hint }
    var exitCode: ExitCode { ExitCode(rawValue: failure.exitCode) ?? .internalError }
}
