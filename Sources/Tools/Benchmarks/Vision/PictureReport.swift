/// What a picture's way to the first token took, part by part, over some rounds.
package struct PictureReport: Sendable, Equatable {
    /// The parts, in the order in which they come.
    package enum Part: String, CaseIterable, Sendable {
        case decode = "bytes to pixels"
        case tiles = "resize and cut"
        case pixels = "pixel values"
        case tower = "vision tower"
        case projector
        case prefill
        case choice = "first token's choice"
    }

    /// One picture from its bytes to a token.
    package struct Round: Sendable, Equatable {
        package var seconds: [Part: Double]
        /// Seconds of the parts that consist of products, at the rates that were measured beside them.
        package var ideal: [Part: Double]

        package init(seconds: [Part: Double], ideal: [Part: Double]) {
            (self.seconds, self.ideal) = (seconds, ideal)
        }

        package var total: Double { seconds.values.reduce(0, +) }
        package var idealTotal: Double { ideal.values.reduce(0, +) }
    }

    package let model: String
    package let tiles: Int
    /// Of the prompt.
    package let tokens: Int
    package let rounds: [Round]
    /// What each part's ceiling is of.
    package let ceilings: [Part: String]

    package init(model: String, tiles: Int, tokens: Int, rounds: [Round], ceilings: [Part: String]) {
        precondition(!rounds.isEmpty, "a report of no rounds")
        (self.model, self.tiles, self.tokens) = (model, tiles, tokens)
        (self.rounds, self.ceilings) = (rounds, ceilings)
    }

    /// A row a part, and one of all: seconds, of which a ceiling is the least that its products would take.
    package func rows() -> [BenchmarkRow] {
        let parts = Part.allCases.map { part in
            row(part.rawValue, rounds.map { $0.seconds[part] ?? 0 }, rounds.map { $0.ideal[part] ?? 0 }, ceilings[part])
        }
        return parts + [row("first token", rounds.map(\.total), rounds.map(\.idealTotal), "all products at peak")]
    }

    private func row(_ name: String, _ seconds: [Double], _ ideal: [Double], _ ceiling: String?) -> BenchmarkRow {
        var row = BenchmarkRow("picture", "\(model), \(tiles) tiles: \(name)", figure: Spread(seconds), unit: "s")
        row.tokens = .init(each: tokens)
        if let ceiling {
            let outcome = Rounds.Outcome(seconds: seconds, ideal: ideal)
            row.ceiling = .init(ceiling, value: outcome.ideal.median, share: outcome.share)
        }
        return row
    }
}
