import Requests
import TestSupport
import Testing

@testable import Inference

/// What drafts bring and cost, in steps that take as long as a table says.
@Suite("Whether drafts are worth their rows")
struct DraftWorthTests {
    typealias Toy = SpeculationStormTests.Toy

    /// Answers one after the other whose every token is one of `choices`, drawn anew.
    ///
    /// - Parameter cost: of a row more, in steps of one row.
    /// - Returns: steps of one row in the time that a token took, and what became of drafts.
    static func worth(choices: UInt64, cost: Double, jobs: Int = 60) -> (gain: Double, drafted: Int, accepted: Int) {
        var random = SeededRandom(seed: choices)
        var toy = Toy(pages: 400, sequences: 1, draftRows: 16)
        toy.model = { state, _ in Int32(10 + (state >> 17) % choices) }
        var (seconds, tokens) = (0.0, 0)
        for number in 0..<jobs {
            let prompt = (0..<20).map { _ in Int32.random(in: 10..<Int32(10 + choices), using: &random) }
            _ = toy.scheduler.submit(SchedulerTests.job("\(number)", prompt: prompt, max: 90))
            while toy.scheduler.hasSequences {
                toy.step()
                guard let rows = toy.rows else { continue }
                let step = 1 + cost * Double(rows - 1)
                // Now and then something else has the processor.
                toy.scheduler.note(rows: rows, seconds: step * (toy.steps % 19 == 0 ? 1.7 : 1))
                seconds += step
                tokens += toy.news.reduce(0) { $0 + $1.ids.count }
            }
        }
        return (Double(tokens) / seconds, toy.drafted, toy.accepted)
    }

    @Test(
        "something is found for every token and is hardly ever right: at most a fiftieth is lost, whatever rows cost",
        arguments: [5, 10, 40] as [UInt64],
        [0.01, 0.05, 0.2, 0.6]
    )
    func wrong(choices: UInt64, cost: Double) {
        let found = Self.worth(choices: choices, cost: cost)
        #expect(found.drafted > found.accepted)
        #expect(found.gain >= 0.98, "\(found)")
    }

    @Test("what is always the same is drafted as far as rows are worth it")
    func right() {
        #expect(Self.worth(choices: 1, cost: 0.05).gain > 4)
        #expect(Self.worth(choices: 1, cost: 0.6).gain > 1.3)
    }
}
