package import Checkpoints
internal import Diagnostics
package import Foundation
package import GroupLauncher
internal import GroupLink
package import RankProgram
package import Requests
package import ServingCore

/// A group that this process alone uses: ranks under `mpirun`, or one rank in this process.
package protocol ServedGroup: AnyObject {
    func send(_ command: LinkCommand)
    /// Sends to those who encode pictures.
    func encode(_ job: ImageJob, _ bytes: [UInt8])
    func forget(_ images: [Int32])
    /// What the group tells next, with what is attached to it; `nil` when nothing came within the limit.
    func next(within limit: Duration) -> (news: GroupNews, attachment: Data)?
    func end(byForce: Bool)
    /// Has everything that the group tells handed over from a thread of its own, so that several groups can be heard at
    /// once; `next` is not called then. `false` if this group can only be asked.
    func tell(_ hear: @escaping @Sendable (_ news: GroupNews, _ attachment: Data) -> Void) -> Bool
}

/// A group of ranks that `mpirun` runs.
package final class MpirunGroup: ServedGroup {
    private let handle: GroupHandle

    /// Starts `mpirun`; the ranks load in the background.
    ///
    /// - Parameters:
    ///   - draft: how a draft model is started beside it.
    ///   - note: is told what of the draft model a person should know.
    package init(
        _ spec: GroupSpec,
        _ options: RankOptions,
        draft: DraftLaunch? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        handle = GroupHandle(
            try RankGroup.start(spec),
            visionRanks: options.decoderRanks..<options.worldSize,
            draft: draft,
            note: note
        )
    }

    package func send(_ command: LinkCommand) { handle.send(command) }
    package func encode(_ job: ImageJob, _ bytes: [UInt8]) { handle.encode(job, bytes) }
    package func forget(_ images: [Int32]) { handle.forget(images) }
    package func end(byForce: Bool) { handle.end(byForce: byForce) }

    package func next(within limit: Duration) -> (news: GroupNews, attachment: Data)? {
        handle.nextEvent(within: limit).map(Self.news)
    }

    package func tell(_ hear: @escaping @Sendable (GroupNews, Data) -> Void) -> Bool {
        handle.pump { event in
            let (news, attachment) = Self.news(event)
            hear(news, attachment)
        }
        return true
    }

    private static func news(_ event: GroupEvent) -> (news: GroupNews, attachment: Data) {
        guard case .report(_, _, let attachment) = event else { return (GroupNews(event), Data()) }
        return (GroupNews(event), attachment)
    }
}

/// One decoder and one vision rank in this process, without MPI; to the core they are one decoder rank.
package final class InProcessGroup: ServedGroup {
    private let group = LocalGroup()
    private var hasJoined = false

    package init(_ checkpoint: Checkpoint, _ options: RankOptions) { group.start(checkpoint, options: options) }

    package func send(_ command: LinkCommand) { group.send(command) }

    package func encode(_ job: ImageJob, _ bytes: [UInt8]) { group.send(.encode(job), attachment: Data(bytes)) }

    package func forget(_ images: [Int32]) { group.send(.forget(images: images)) }

    package func next(within limit: Duration) -> (news: GroupNews, attachment: Data)? {
        guard hasJoined else {
            hasJoined = true
            return (.joined(RankHello(rank: 0, worldSize: 1, role: .decoder)), Data())
        }
        guard let report = group.nextReport(within: limit) else { return nil }
        if case .failed(let failure) = report.message, failure.isOfRank {
            return (.ended(RankFailureInFront(failure: failure)), Data())
        }
        if report.message == .goodbye { return (.ended(nil), Data()) }
        return (.report(rank: 0, report.message), report.attachment)
    }

    package func tell(_ hear: @escaping @Sendable (GroupNews, Data) -> Void) -> Bool { false }

    /// A thread cannot be ended by force; its loop looks for this word between steps.
    package func end(byForce: Bool) { group.send(.shutdown) }
}

/// The rank in this process could not go on.
struct RankFailureInFront: OperatorError {
    let failure: RankFailure

    var description: String { failure.message }
    var hint: String? { failure.hint }
    var exitCode: ExitCode { ExitCode(rawValue: failure.exitCode) ?? .internalError }
}
