internal import Diagnostics
internal import Foundation
internal import Frontend
internal import GroupLauncher
internal import Logging
internal import RankProgram
internal import Requests
internal import ServingCore

/// Groups of ranks: started, heard, and looked for.
extension Coordinator {
    func startGroup(_ slot: Int, _ generation: Int, decoderRanks: Int) {
        let ranks = options.rankOptions.resized(to: decoderRanks)
        var spec = options.groupSpecs[slot]
        spec.decoderRanks = decoderRanks
        spec.rankArguments = ["rank"] + ranks.arguments
        // A file of the launcher's own; the operator's stays as it is.
        if let left = hosts[slot] { spec.hosts = left }
        let logger = logger
        spec.onOutput = { line in logger.debug("rank output", metadata: ["line": "\(line)"]) }
        do {
            let group = options.isAttached ? try RankGroup.attach(spec) : try RankGroup.start(spec)
            let handle = GroupHandle(group, visionRanks: decoderRanks..<ranks.worldSize)
            groups[slot] = handle
            handle.pump(slot: slot, generation: generation, to: self)
        } catch {
            let error = error as? any OperatorError ?? LaunchError("the group could not be started: \(error)")
            feed(.group(slot: slot, generation: generation, .ended(error)))
        }
    }

    /// A group has told something; called in order on the loop.
    func take(_ event: GroupEvent, slot: Int, generation: Int) {
        // Mostly of peers that were turned away, which anybody can be.
        if case .note(let line) = event { return strangers.note(.linkPeer, line) }
        if case .ended = event { groups[slot] = nil }
        feed(.group(slot: slot, generation: generation, GroupNews(event)))
    }

    /// Asks a lost group's own hosts, on which it is to be started again.
    func survey(_ slot: Int) {
        hosts[slot] = nil
        guard !options.isAttached, let hostfile = try? options.groupSpecs[slot].namedHosts() else {
            return feed(.surveyed(slot: slot, .init()))
        }
        let survey = HostSurvey(options.groupSpecs[slot])
        Task {
            let missing = await survey.missing(in: hostfile)
            self.surveyed(slot, hostfile, Set(missing))
        }
    }

    private func surveyed(_ slot: Int, _ hostfile: Hostfile, _ missing: Set<String>) {
        let left = hostfile.without(missing)
        if !missing.isEmpty { hosts[slot] = left }
        let room = left.slots.map { $0 - options.rankOptions.visionRanks }
        feed(.surveyed(slot: slot, .init(room: room, missing: missing.sorted())))
    }
}
