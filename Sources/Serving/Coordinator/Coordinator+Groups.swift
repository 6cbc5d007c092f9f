internal import Diagnostics
internal import Foundation
internal import Frontend
internal import GroupLauncher
internal import Logging
internal import NIOCore
internal import RankProgram
internal import Requests
internal import ServingCore

/// Groups of ranks: started, heard, and looked for.
extension Coordinator {
    func startGroup(_ slot: Int, _ generation: Int, decoderRanks: Int, visionRanks: Int) {
        let ranks = options.rankOptions.resized(to: decoderRanks, visionRanks: visionRanks)
        var spec = options.groupSpecs[slot]
        (spec.decoderRanks, spec.visionRanks) = (decoderRanks, visionRanks)
        spec.rankArguments = ["rank"] + ranks.arguments
        // A file of the launcher's own; the operator's stays as it is.
        if let left = hosts[slot] { spec.hosts = left }
        let logger = logger
        spec.onOutput = { line in logger.debug("rank output", metadata: ["line": "\(line)"]) }
        let (isAttached, draft) = (options.isAttached, draft(of: slot, spec))
        endings[slot] = nil
        // Beside the loop: to look for the way to hosts may take as long as a name server that does not answer.
        let thread = Thread { [self, spec] in
            let group = Result { isAttached ? try RankGroup.attach(spec) : try RankGroup.start(spec) }
            eventLoop.execute { self.assumeIsolated { $0.started(group, slot, generation, ranks, draft) } }
        }
        thread.name = "group-start"
        thread.start()
    }

    private func started(
        _ result: Result<RankGroup, any Error>,
        _ slot: Int,
        _ generation: Int,
        _ ranks: RankOptions,
        _ draft: DraftLaunch?
    ) {
        switch result {
        case .success(let group):
            let handle = GroupHandle(group, visionRanks: ranks.decoderRanks..<ranks.worldSize, draft: draft) {
                [logger] in
                logger.notice("\($0)", metadata: ["group": "\(slot)"])
            }
            groups[slot] = handle
            handle.pump(slot: slot, generation: generation, to: self)
            if let byForce = endings.removeValue(forKey: slot) { handle.end(byForce: byForce) }
        case .failure(let error):
            let error = error as? any OperatorError ?? LaunchError("the group could not be started: \(error)")
            feed(.group(slot: slot, generation: generation, .ended(error)))
        }
    }

    /// Ends the group of a slot, or the one that is being started.
    func endGroup(_ slot: Int, byForce: Bool) {
        guard let group = groups[slot] else { return endings[slot] = byForce || endings[slot] ?? false }
        group.end(byForce: byForce)
    }

    /// The draft model beside a group, which tells what its ranks print to whom the group's do.
    private func draft(of slot: Int, _ spec: GroupSpec) -> DraftLaunch? {
        guard options.drafts.indices.contains(slot) else { return nil }
        var draft = options.drafts[slot]
        draft.spec.onOutput = spec.onOutput
        // Where hosts are missing, vision ranks are elsewhere than before.
        if spec.hosts != nil, let placement = try? Placement.of(spec) {
            draft.join(visionRanksOf: placement, decoderRanks: spec.decoderRanks)
        }
        return draft
    }

    /// A group has told something; called in order on the loop.
    func take(_ event: GroupEvent, slot: Int, generation: Int) {
        // Mostly of peers that were turned away, which anybody can be.
        if case .note(let line) = event { return strangers.note(.linkPeer, line) }
        if case .ended(let end) = event {
            groups[slot] = nil
            lostRanks[slot] = (end.error as? RankLostError)?.rank
        }
        feed(.group(slot: slot, generation: generation, GroupNews(event)))
    }

    /// Asks hosts of a group, on which it is to be started.
    func survey(_ slot: Int, _ question: HostQuestion) {
        let number = (surveys[slot] ?? 0) + 1
        surveys[slot] = number
        let spec = options.groupSpecs[slot]
        guard !options.isAttached, let all = try? spec.namedHosts() else {
            hosts[slot] = nil
            return feed(.surveyed(slot: slot, .init()))
        }
        let lost = lostRanks[slot]
        let suspects = all.hosts.filter { host in lost.map { host.isLikely($0.host, $0.address) } ?? false }
        Task {
            let asked = question.asked(of: all)
            let missing = await HostSurvey(spec).missing(in: asked, hurrying: Set(suspects.map(\.name)))
            self.surveyed(slot, number, all, question.missing(missing))
        }
    }

    private func surveyed(_ slot: Int, _ number: Int, _ all: Hostfile, _ missing: Set<String>) {
        // It has been asked anew meanwhile.
        guard surveys[slot] == number else { return }
        let left = all.without(missing)
        hosts[slot] = missing.isEmpty ? nil : left
        feed(.surveyed(slot: slot, .init(GroupRoom(options.groupSpecs[slot], on: left), missing: missing.sorted())))
    }
}

extension HostQuestion {
    fileprivate func asked(of all: Hostfile) -> Hostfile {
        switch self {
        case .all(let except): all.without(except)
        case .only(let names): Hostfile(hosts: all.hosts.filter { names.contains($0.name) })
        }
    }

    /// The hosts that are missing, where so many of those that were asked do not answer.
    fileprivate func missing(_ silent: [String]) -> Set<String> {
        if case .all(let except) = self { except.union(silent) } else { Set(silent) }
    }
}

extension CoreInput.HostSurvey {
    fileprivate init(_ room: GroupRoom, missing: [String]) {
        self.init(room: room.decoderRanks, visionRoom: room.visionRanks, used: room.hosts, missing: missing)
    }
}
