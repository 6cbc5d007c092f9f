import Benchmarks
import Foundation
import Testing

@Suite("Made-up drafts")
struct SpeculativeDecodingTests {
    @Test("they are right as often as they are said to be, at each place")
    func coins() {
        for (length, acceptance) in [(4, 0.7), (1, 0.3), (16, 0.9), (5, 0), (5, 1)] {
            let drafts = DecoderBenchmark.Drafts(length: length, acceptance: acceptance)
            // A geometric series, added up by its formula.
            let series =
                acceptance == 1 ? Double(length + 1) : (1 - pow(acceptance, Double(length + 1))) / (1 - acceptance)
            #expect(abs(drafts.tokensPerStep - series) < 1e-9)
            for steps in [16, 1000] {
                let accepted = drafts.accepted(steps: steps)
                for place in 1...length {
                    let share = Double(accepted.count { $0 >= place }) / Double(steps)
                    #expect(abs(share - pow(acceptance, Double(place))) <= 0.5 / Double(steps) + 1e-9)
                }
            }
        }
    }
}
