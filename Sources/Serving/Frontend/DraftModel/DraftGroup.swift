internal import Diagnostics
internal import Foundation
package import GroupLauncher
internal import RankProgram
package import Requests
internal import Synchronization

/// The ranks of a draft model beside a decoder's group: started, heard, and started again when they are lost.
///
/// Everything goes through the process in front: what the decoder has taken is passed on to the draft model's leader, and what
/// that guesses to the decoder's, which never waits for it. So nothing that happens here can change an answer or hold one up.
package final class DraftGroup: Sendable {
    /// How the draft model is.
    package struct Status: Sendable, Equatable {
        package enum Phase: String, Sendable { case loading, ready, lost, off }

        package let model: String
        package var phase = Phase.loading
        /// How often its ranks were lost.
        package var losses = 0
        /// Guesses that it has made; most of one guess are in the next.
        package var guesses = 0
        package var ranks: [RankHello] = []
    }

    private struct State {
        var desk = DraftDesk()
        var group: RankGroup?
        /// Ranks that have loaded.
        var ready = 0
        var status: Status
        /// Whether it is not to be started any more.
        var isEnding = false
    }

    private let launch: DraftLaunch
    private let state: Mutex<State>
    private let note: @Sendable (String) -> Void
    private let offer: @Sendable ([DraftProposal]) -> Void

    /// Attempts without success after which it is left alone.
    private static let mostFailures = 5
    private static let longestPause = 30.0
    /// The lives of ranks of all draft models of this process.
    private static let lives = DispatchGroup()

    /// Starts it; returns at once.
    ///
    /// - Parameters:
    ///   - note: is told what a person should know, on a thread of its own.
    ///   - offer: is told what the model guesses, on the same.
    package init(
        _ launch: DraftLaunch,
        note: @escaping @Sendable (String) -> Void,
        offer: @escaping @Sendable ([DraftProposal]) -> Void
    ) {
        self.launch = launch
        state = Mutex(State(status: Status(model: launch.modelName)))
        (self.note, self.offer) = (note, offer)
        let thread = Thread { [self] in live() }
        thread.name = "draft-model"
        thread.start()
    }

    package var status: Status { state.withLock { $0.status } }

    package func submit(_ job: GenerateJob) { change { $0.submit(job) } }
    package func end(_ id: String) { change { $0.end(id) } }
    package func encode(_ job: ImageJob, _ bytes: [UInt8]) { change { $0.encode(job, bytes) } }
    package func forget(_ numbers: [Int32]) { change { $0.forget(numbers) } }

    /// The decoder has taken tokens.
    package func take(_ tokens: [StepReport.Tokens]) {
        guard !tokens.isEmpty else { return }
        change { desk in tokens.flatMap { desk.take($0.id, $0.ids) } }
    }

    /// Ends the ranks, and starts none any more.
    ///
    /// - Returns: what to wait for until nothing of them is left; `nil` if nothing runs.
    @discardableResult
    package func finish(byForce: Bool) -> RankGroup? {
        state.withLock { state in
            state.isEnding = true
            if byForce { state.group?.kill() } else { state.group?.finish() }
            return state.group
        }
    }

    /// Waits until nothing is left of ranks that were told to end, as a process does before its own end.
    ///
    /// Of a group that was lost, nobody else does.
    package static func waitUntilGone() { _ = lives.wait(timeout: .now() + .seconds(10)) }

    /// Changes the desk and sends what follows, in this order for everybody.
    private func change(_ body: (inout DraftDesk) -> [DraftDesk.Order]) {
        state.withLock { state in
            for order in body(&state.desk) { perform(order, state.group) }
        }
    }

    private func perform(_ order: DraftDesk.Order, _ group: RankGroup?) {
        guard let group else { return }
        switch order {
        case .tell(let command): group.send(command, to: 0)
        case .encode(let job, let bytes): group.send(.encode(job), bytes: bytes, toAll: launch.visionRanks)
        case .forget(let numbers):
            group.send(.forget(images: numbers), toRanks: [0] + Array(launch.visionRanks))
        }
    }
}

extension DraftGroup {
    /// One life after another, with longer and longer pauses between those that come to nothing.
    private func live() {
        var failures = 0
        while true {
            let error = run()
            let (isEnding, wasReady) = state.withLock { state in
                let wasReady = state.status.phase == .ready
                state.desk.lose()
                (state.group, state.ready, state.status.ranks) = (nil, 0, [])
                if !state.isEnding { state.status.losses += 1 }
                state.status.phase = state.isEnding ? .off : .lost
                return (state.isEnding, wasReady)
            }
            if isEnding { return }
            failures = wasReady ? 1 : failures + 1
            let cause = error.map { "\($0)" } ?? "they ended"
            // Memory that is not there will not be there in a while either.
            guard failures <= Self.mostFailures, !(error is HostMemoryError) else {
                state.withLock { $0.status.phase = .off }
                return note("the draft model's ranks do not start, and answers go on without its guesses: \(cause)")
            }
            note("the draft model's ranks are lost, and answers go on without its guesses: \(cause)")
            Thread.sleep(forTimeInterval: min(Self.longestPause, pow(2, Double(failures - 1))))
        }
    }

    /// Starts the ranks and hears them until they have ended.
    private func run() -> (any Error)? {
        Self.lives.enter()
        defer { Self.lives.leave() }
        guard !state.withLock({ $0.isEnding }) else { return nil }
        let group: RankGroup
        do { group = try RankGroup.start(launch.launchSpec) } catch { return error }
        state.withLock { state in
            (state.group, state.status.phase) = (group, .loading)
            if state.isEnding { group.kill() }
        }
        while true {
            switch group.nextEvent() {
            case .joined(let hello): state.withLock { $0.status.ranks.append(hello) }
            case .report(let rank, let report, _): hear(report, of: rank)
            case .ended(let end): return end.error
            case .formed, .note: break
            }
        }
    }

    private func hear(_ report: LinkReport, of rank: Int) {
        switch report {
        case .drafts(let proposals):
            state.withLock { state in
                state.desk.note(proposals)
                state.status.guesses += proposals.count
            }
            offer(proposals)
        case .imagesWanted(let numbers): change { $0.want(numbers) }
        case .failed(let failure):
            if let id = failure.id { change { $0.end(id) } }
            if let image = failure.image { change { $0.fail(picture: image) } }
        case .ready:
            let isReady = state.withLock { state in
                state.ready += 1
                guard state.ready == launch.options.worldSize else { return false }
                state.status.phase = .ready
                for order in state.desk.begin() { perform(order, state.group) }
                return true
            }
            if isReady { note("the draft model \(launch.modelName) is ready") }
        default: break
        }
    }
}
