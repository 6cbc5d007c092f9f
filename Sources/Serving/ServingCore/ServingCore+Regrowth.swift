internal import Diagnostics
internal import Requests

/// What hosts that come and go mean to a group: it is started on those that answer, and again when more do.
extension ServingCore {
    /// Hosts have been asked.
    mutating func take(_ survey: CoreInput.HostSurvey, _ slot: Int) {
        guard end == nil else { return }
        switch slots[slot].phase {
        case .waiting where slots[slot].restartAt == nil:
            slots[slot].survey = survey
            if now >= slots[slot].notBefore { restartGroup(slot, survey) }
        case .ready: takeForGrowth(survey, slot)
        default: break
        }
    }

    /// The group is started on the hosts that are left.
    mutating func restartGroup(_ slot: Int, _ survey: CoreInput.HostSurvey) {
        slots[slot].survey = nil
        guard end == nil, slots[slot].phase == .waiting else { return }
        let missing = survey.missing.sorted()
        if !missing.isEmpty { log(.warning, "hosts do not answer", [("hosts", missing.joined(separator: " "))]) }
        settle(on: survey, slot)
        if slots[slot].policy.makeDo(with: missing.isEmpty ? nil : survey.room) {
            startGroup(slot)
        } else {
            // Whoever answers will have to do.
            slots[slot].shunned = []
            lose(slot, HostsGoneError(hosts: missing), lived: nil)
        }
    }

    /// The next group of a slot has what a survey found.
    private mutating func settle(on survey: CoreInput.HostSurvey, _ slot: Int) {
        slots[slot].missing = Set(survey.missing)
        slots[slot].usedHosts = survey.used
        slots[slot].visionRanks = visionRanks(in: survey)
    }

    /// The vision ranks that the hosts which answer have room for.
    private func visionRanks(in survey: CoreInput.HostSurvey) -> Int {
        min(limits.visionRanks, survey.visionRoom ?? limits.visionRanks)
    }

    // MARK: - Growth

    /// Has missing hosts asked when it is time.
    mutating func considerGrowth(_ slot: Int) {
        guard slots[slot].phase == .ready, !isDraining, end == nil, !slots[slot].isHung,
            slots[slot].regrowth.wantsToAsk(isQuiet: slots[slot].tickets.isEmpty, now: now)
        else { return }
        actions.append(.survey(slot: slot, .only(slots[slot].missing)))
    }

    private mutating func takeForGrowth(_ survey: CoreInput.HostSurvey, _ slot: Int) {
        guard slots[slot].regrowth.isAsking else { return }
        let canGrow = gains(survey, slot)
        let isQuiet = slots[slot].tickets.isEmpty
        if canGrow, slots[slot].regrowth.growBy == nil {
            let back = slots[slot].missing.subtracting(survey.missing).sorted()
            log(.notice, "the group can grow", details(slot) + [("hosts", back.joined(separator: " "))])
        }
        if slots[slot].regrowth.note(canGrow: canGrow, isQuiet: isQuiet, now: now), !isDraining {
            return makeRoom(slot, survey)
        }
        guard !canGrow else { return }
        // Who is back and of no use is missed no more.
        slots[slot].missing.formIntersection(survey.missing)
        if !slots[slot].isSmall { slots[slot].regrowth.end() }
    }

    /// Whether a group on the hosts that answer would be larger, or on more hosts, and nothing smaller.
    private func gains(_ survey: CoreInput.HostSurvey, _ slot: Int) -> Bool {
        let decoder = slots[slot].policy.possible(in: survey.room)
        let vision = visionRanks(in: survey)
        let before = (decoder: slots[slot].policy.decoderRanks, vision: slots[slot].visionRanks)
        guard decoder >= before.decoder, vision >= before.vision else { return false }
        return decoder > before.decoder || vision > before.vision || survey.used > slots[slot].usedHosts
    }

    /// Ends a group that does its work, for a larger one; what it has goes on there, or in another at once.
    private mutating func makeRoom(_ slot: Int, _ survey: CoreInput.HostSurvey) {
        let before = Regrowth.Before(decoderRanks: slots[slot].policy.decoderRanks, missing: slots[slot].missing)
        slots[slot].regrowth.attempt(from: before)
        slots[slot].policy.grow(lived: slots[slot].readySince.map { now - $0 } ?? .zero)
        slots[slot].shunned = []
        settle(on: survey, slot)
        _ = slots[slot].policy.makeDo(with: survey.missing.isEmpty ? nil : survey.room)
        let begun = standing(slot)
        slots[slot].clear()
        slots[slot].phase = .loading
        slots[slot].isMakingRoom = true
        slots[slot].figures.regrowths += 1
        log(.notice, "group makes room for a larger one", details(slot) + [("in_flight", "\(begun.count)")])
        putBack(begun, isLoss: false)
        actions.append(.endGroup(slot: slot, byForce: true))
        actions.append(.announce(message: "the group is started again with more ranks or hosts; no answer is lost"))
    }

    /// Nothing of the smaller group is left.
    mutating func hasMadeRoom(_ slot: Int) {
        slots[slot].clear()
        if end != nil { conclude() } else { startGroup(slot) }
    }
}
