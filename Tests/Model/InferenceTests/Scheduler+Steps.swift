import Inference

extension Scheduler {
    /// The next step, where nobody paces it.
    mutating func nextPlan(prefillBudget: Int = .max) -> StepPlan {
        nextPlan(for: prepare(), prefillBudget: prefillBudget, urgent: 0)
    }
}
