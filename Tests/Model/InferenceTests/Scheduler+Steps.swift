import Inference
import Requests

extension Scheduler {
    /// The next step, where nobody paces it.
    mutating func nextPlan(prefillBudget: Int = .max) -> StepPlan {
        nextPlan(for: prepare(), prefillBudget: prefillBudget, urgent: 0)
    }

    /// The next step, in memory of its own.
    mutating func nextPlan(for demand: Demand, prefillBudget: Int, urgent: Int) -> StepPlan {
        var plan = StepPlan()
        nextPlan(for: demand, prefillBudget: prefillBudget, urgent: urgent, into: &plan)
        return plan
    }

    /// The step has been computed.
    ///
    /// - Parameter choices: by run, the tokens behind its last certain one and behind each draft.
    mutating func complete(_ plan: StepPlan, choices: [Int: [Int32?]], report: inout StepReport) -> [Ending] {
        var endings: [Ending] = []
        let chosen = choices.sorted { $0.key < $1.key }.flatMap { run, tokens in
            tokens.map { ChosenToken(run: run, token: $0) }
        }
        complete(plan, chosen: chosen, report: &report, endings: &endings)
        return endings
    }
}
