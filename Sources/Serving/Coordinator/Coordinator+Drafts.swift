internal import Frontend
internal import Requests
internal import ServingCore
internal import WireProtocol

/// What STATS says about drafts.
extension Coordinator {
    func speculationReport(_ figures: SpeculationFigures) -> StatsReport.Speculation {
        var report = StatsReport.Speculation(
            drafts: figures.drafts,
            draftTokens: figures.draftTokens,
            acceptedTokens: figures.acceptedTokens,
            acceptedPerPosition: figures.acceptedPerPosition
        )
        guard let launch = options.drafts.first else { return report }
        let states = groups.compactMap { slot, group in group.draft.map { (slot: slot, status: $0.status) } }
        let order: [DraftGroup.Status.Phase] = [.off, .lost, .loading, .ready]
        // Without a group its draft model is not there either.
        let worst = order.first { phase in states.contains { $0.status.phase == phase } } ?? .off
        report.draftModel = StatsReport.DraftModel(
            model: launch.modelName,
            state: worst.rawValue,
            losses: states.reduce(0) { $0 + $1.status.losses },
            guesses: states.reduce(0) { $0 + $1.status.guesses },
            drafts: figures.ofModel.drafts,
            draftTokens: figures.ofModel.draftTokens,
            acceptedTokens: figures.ofModel.acceptedTokens,
            ranks: states.flatMap { slot, status in
                status.ranks.map {
                    .init(group: slot, rank: $0.rank, role: $0.role.rawValue, host: $0.host, pid: $0.pid)
                }
            }
        )
        return report
    }
}
