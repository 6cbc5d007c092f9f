internal import Diagnostics
internal import Foundation
internal import GroupLauncher
internal import GroupLink
internal import Logging
internal import NIOCore
internal import RankProgram
internal import WireProtocol
internal import Requests

extension Coordinator {
    /// Starts a group again, on the hosts that are still there.
    private func restartGroup() {
        guard let path = options.groupSpec.hostfile, !options.isAttached,
            let text = try? String(contentsOfFile: path, encoding: .utf8)
        else { return startGroup() }
        let hostfile = Hostfile(text)
        let survey = HostSurvey(options.groupSpec)
        Task {
            let missing = await survey.missing(in: hostfile)
            self.restartGroup(on: hostfile, without: Set(missing))
        }
    }

    private func restartGroup(on hostfile: Hostfile, without missing: Set<String>) {
        guard end == nil else { return }
        let left = hostfile.without(missing)
        if !missing.isEmpty {
            logger.warning("hosts do not answer", metadata: ["hosts": "\(missing.sorted().joined(separator: " "))"])
        }
        guard policy.makeDo(with: missing.isEmpty ? nil : left.slots.map { $0 - options.rankOptions.visionRanks })
        else {
            return loseGroup(
                LaunchError("the hosts that are left have no room for the model: \(missing.sorted()) do not answer")
            )
        }
        startGroup(on: missing.isEmpty ? nil : left)
    }

    /// Starts a group, or begins to wait for one.
    ///
    /// - Parameter hosts: the hosts that are left of the hostfile's; `nil`: all of them.
    func startGroup(on hosts: Hostfile? = nil) {
        guard end == nil else { return }
        generation += 1
        ranks.clear()
        groupState = .loading
        var options = options.rankOptions
        options.decoderRanks = policy.decoderRanks
        var spec = self.options.groupSpec
        spec.decoderRanks = options.decoderRanks
        spec.rankArguments = ["rank"] + options.arguments
        if let hosts { spec.hostfile = write(hosts) }
        let logger = logger
        spec.onOutput = { line in logger.debug("rank output", metadata: ["line": "\(line)"]) }
        do {
            let started = self.options.isAttached ? try RankGroup.attach(spec) : try RankGroup.start(spec)
            let handle = GroupHandle(group: started, visionRanks: options.decoderRanks..<options.worldSize)
            group = handle
            logger.info(
                "group starts",
                metadata: [
                    "generation": "\(generation)", "decoder": "\(options.decoderRanks)",
                    "vision": "\(options.visionRanks)",
                ]
            )
            handle.pump(generation: generation, to: self)
        } catch {
            loseGroup(error as? any OperatorError ?? LaunchError("the group could not be started: \(error)"))
        }
    }

    /// A file of the hosts that are left; the operator's own stays as it is.
    private func write(_ hosts: Hostfile) -> String {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-hosts-\(getpid())")
        try? hosts.text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    func take(_ event: GroupEvent, generation: Int) {
        guard generation == self.generation else { return }
        switch event {
        case .joined(let hello): ranks.join(hello)
        case .formed: logger.info("all ranks have said hello", metadata: ["generation": "\(generation)"])
        case .report(let rank, let report, _): take(report, of: rank)
        case .note(let line): strangers.note(.linkPeer, line)
        case .ended(let end): groupEnded(end)
        }
    }

    private func take(_ report: LinkReport, of rank: Int) {
        switch report {
        case .step(let step): take(step)
        case .finished(let id, let summary): take(summary, of: id)
        case .failed(let failure): take(failure, of: rank)
        case .imagesWanted(let numbers): encodeWanted(numbers)
        case .progress(_, let done, let total): ranks.noteLoading(done, total, of: rank)
        case .ready(let stats):
            ranks.note(stats, of: rank)
            if ranks.readyCount == policy.decoderRanks + options.rankOptions.visionRanks { becomeReady() }
        case .activity(let activity): ranks.note(activity, of: rank)
        case .log(let line): logger.info("\(line)", metadata: ["rank": "\(rank)"])
        case .hello, .trace, .pong, .goodbye: break
        }
    }

    private func becomeReady() {
        groupState = .ready
        readySince = .now()
        policy.becameReady()
        let wasReady = hasBeenReady
        hasBeenReady = true
        logger.info(
            "group is ready",
            metadata: [
                "generation": "\(generation)", "decoder": "\(policy.decoderRanks)", "degraded": "\(policy.isDegraded)",
                "in_line": "\(queue.count)",
            ]
        )
        announce(Note(state: state))
        if !wasReady { onReady() }
        dispatch()
    }

    private func take(_ summary: JobSummary, of id: String) {
        guard let request = requests[id] else { return }
        finish(request, finish: FinishReason(rawValue: summary.finish) ?? .stop, summary: summary)
    }

    private func take(_ failure: RankFailure, of rank: Int) {
        if let id = failure.id, let request = requests[id] {
            let code: ErrorCode = failure.exitCode == ExitCode.usage.rawValue ? .tooLong : .internal
            request.isDispatched = false
            queue.release(request.session)
            fail(request, RequestError(code, failure.message))
        } else if let number = failure.image, let key = visualTokens.key(of: number) {
            let code: ErrorCode = failure.exitCode == ExitCode.usage.rawValue ? .badImage : .internal
            for request in requests.values where request.heldPictures.contains(key) {
                fail(request, RequestError(code, failure.message + (failure.hint.map { "; \($0)" } ?? "")))
            }
            tellForgotten([visualTokens.remove(key)].compactMap { $0 })
        }
    }

    // MARK: - Loss and return

    private func groupEnded(_ end: GroupEnd) {
        switch end {
        case .finished:
            group = nil
            conclude()
        case .failed(let error): loseGroup(error)
        }
    }

    /// The group is gone: what it had goes back to the head of the line, and a new one is started after a while.
    private func loseGroup(_ error: any OperatorError) {
        let lived = groupState == .ready ? readySince.map { NIODeadline.now() - $0 } : nil
        group = nil
        ranks.clear()
        knownPages = []
        visualTokens.reset()
        load = LeaderLoad()
        guard end == nil else { return conclude() }
        statistics.losses += 1
        logger.error("group lost", metadata: ["generation": "\(generation)", "cause": "\(error.report)"])
        let isHopeless = [.checkpoint, .usage, .ranksDisagree].contains(error.exitCode) && lived == nil
        switch policy.lost(lived: lived.map { .nanoseconds($0.nanoseconds) }, isHopeless: isHopeless) {
        case .giveUp:
            failEverything(RequestError(.rankLost, "the ranks were lost and could not be started again"))
            stopServing(.failed(hasBeenReady ? GroupGivenUpError(cause: error) : error))
        case .restart(let wait, let decoderRanks):
            groupState = .waiting
            putBackRequests(note: "ranks were lost; the answer goes on when they are back")
            logger.warning(
                "group starts again",
                metadata: ["after_ms": "\(Int(wait / .milliseconds(1)))", "decoder": "\(decoderRanks)"]
            )
            announce(Note(state: state, message: "ranks were lost and are started again; no answer is lost"))
            restart = eventLoop.scheduleTask(in: .nanoseconds(Int64(wait / .nanoseconds(1)))) { [weak self] in
                self?.assumeIsolated { $0.restartGroup() }
            }
        }
    }

    private func putBackRequests(note: String) {
        let begun = requests.values.filter(\.isDispatched).sorted { $0.order < $1.order }
        queue.putBack(begun.map { ($0.job, $0.session) })
        for request in begun {
            request.isDispatched = false
            request.heldPictures = []
            request.stage = .queue
            request.prefilled = 0
            request.replays += 1
            request.replaysWithoutProgress =
                request.tokens.count > request.tokensAtReplay ? 1 : request.replaysWithoutProgress + 1
            request.tokensAtReplay = request.tokens.count
            statistics.replayed += 1
        }
        for request in begun {
            if request.replaysWithoutProgress > options.limits.replaysWithoutProgress {
                let what =
                    "the ranks were lost \(request.replaysWithoutProgress) times while they worked on this request"
                fail(request, RequestError(.rankLost, what))
            } else {
                sendProgress(request, note: note)
            }
        }
    }

    /// Ends every request with an error.
    func failEverything(_ error: RequestError) {
        for request in requests.values.sorted(by: { $0.order < $1.order }) { fail(request, error) }
    }
}

/// The ranks were lost again and again.
struct GroupGivenUpError: OperatorError {
    let cause: any OperatorError

    var description: String { "the ranks were lost again and again; the last time: \(cause.description)" }
    var hint: String? { cause.hint }
    var exitCode: ExitCode { .rankLost }
}
