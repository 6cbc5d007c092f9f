import TestSupport
import Testing

@testable import Inference

@Suite("The step plan on the wire")
struct StepPlanCodecTests {
    static func plan(_ random: inout SeededRandom) -> StepPlan {
        func word() -> Int32 { Int32(truncatingIfNeeded: random.next()) }
        func count() -> Int { Int.random(in: 0...5, using: &random) }
        var plan = StepPlan()
        plan.isShutdown = Bool.random(using: &random)
        plan.openings = (0..<count()).map { _ in .init(slot: word(), tokens: word()) }
        plan.arrivals = (0..<count()).map { _ in .init(source: word(), slot: word(), offset: word(), tokens: word()) }
        plan.closings = (0..<count()).map { _ in word() }
        plan.runs = (0..<count()).map { number in
            let drafts = number == 2 ? 0 : Int32(count())
            return .init(
                start: word(),
                count: Int32.random(in: drafts + 1...1000, using: &random),
                pages: (0..<count()).map { _ in word() },
                logits: number == 2 ? .none : .candidates,
                drafts: drafts,
                choice: number == 2 ? TokenChoice() : SamplerStormTests.choice(&random, vocabulary: 500)
            )
        }
        plan.tokens = (0..<count()).map { _ in word() }
        plan.visual = (0..<count()).map { _ in .init(row: word(), count: word(), slot: word(), offset: word()) }
        return plan
    }

    @Test("every plan comes back as it went")
    func roundTrip() throws {
        var random = SeededRandom(seed: 11)
        var words: [Int32] = []
        for _ in 0..<200 {
            let plan = Self.plan(&random)
            plan.encoded(into: &words)
            let decoded = try words.withUnsafeBufferPointer { try StepPlan(decoding: $0) }
            #expect(decoded == plan)
        }
    }

    @Test("a plan that has been another one before is as it was sent")
    func reuse() throws {
        var random = SeededRandom(seed: 13)
        var words: [Int32] = []
        var decoded = StepPlan()
        for _ in 0..<300 {
            let plan = Self.plan(&random)
            plan.encoded(into: &words)
            try words.withUnsafeBufferPointer { try decoded.decode($0) }
            #expect(decoded == plan)
        }
        decoded.clear()
        #expect(decoded == StepPlan() && decoded.isEmpty)
    }

    @Test("a plan that is cut or changed is an error or another plan, never a crash")
    func damage() throws {
        var random = SeededRandom(seed: 12)
        var words: [Int32] = []
        for round in 0..<500 {
            Self.plan(&random).encoded(into: &words)
            if round % 2 == 0 {
                words.removeLast(Int.random(in: 1...words.count, using: &random))
                let cut = words
                #expect(throws: StepPlanError.self) {
                    try cut.withUnsafeBufferPointer { try StepPlan(decoding: $0) }
                }
            } else {
                words[Int.random(in: 0..<words.count, using: &random)] = Int32(truncatingIfNeeded: random.next())
                _ = words.withUnsafeBufferPointer { try? StepPlan(decoding: $0) }
            }
        }
    }
}
