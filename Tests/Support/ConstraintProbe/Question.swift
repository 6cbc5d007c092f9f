internal import Constraints
internal import JSON
internal import Tokenization

/// One line of a question.
struct Question {
    private var kind = ""
    private var format: String?
    private var texts: [String] = []
    private var seed = 0
    private var count = 1
    /// Tokens after which an answer is led to its end.
    private var length = 60
    /// Texts that a flat choice hardly takes: the mask's tokens are drawn by rank.
    private var temperature = 1.5

    init?(_ line: String) {
        var result = Question()
        do {
            try JSONReader.read(line) { (reader) throws(JSONFailure) in
                try reader.object { (reader, key) throws(JSONFailure) in
                    switch key {
                    case "do": result.kind = try reader.string()
                    case "format": result.format = try reader.valueText()
                    case "text": result.texts = [try reader.string()]
                    case "texts":
                        try reader.array { (reader, _) throws(JSONFailure) in result.texts.append(try reader.string()) }
                    case "seed": result.seed = try reader.integer()
                    case "count": result.count = try reader.integer()
                    case "length": result.length = try reader.integer()
                    case "temperature": result.temperature = try reader.double()
                    default: try reader.skip()
                    }
                }
            }
        } catch { return nil }
        self = result
    }

    private init() {}

    func answer(_ tokenizer: Tokenizer, _ vocabulary: TokenVocabulary) throws -> JSONValue {
        let format = try JSONReader.read(self.format ?? "") { (reader) throws(JSONFailure) in
            try AnswerFormat.read(&reader)
        }
        let clock = ContinuousClock()
        var made: Constraint?
        let compile = try clock.measure { made = try Constraint(format, vocabulary) }
        guard let constraint = made else { return .null }
        switch kind {
        case "accepts":
            let answers = texts.map { text in constraint.start.advanced(by: Array(text.utf8))?.isWhole ?? false }
            return .object(["answers": .array(answers.map { .bool($0) })])
        case "masks": return masks(constraint, tokenizer.encode(texts.first ?? ""))
        case "cost": return cost(constraint, compile, tokenizer)
        default:
            var walk = RandomWalk(seed: UInt64(seed), length: length, temperature: temperature)
            var answers: [JSONValue] = []
            for _ in 0..<count { answers.append(.string(walk.answer(constraint) ?? "")) }
            return .object([
                "answers": .array(answers), "compile": .integer(compile.nanoseconds),
                "nanoseconds": .array(walk.nanoseconds.map { .integer($0) }),
            ])
        }
    }

    /// What the mask before each token of some texts takes: with an automaton that is new, and once they were all seen.
    private func cost(_ constraint: Constraint, _ compile: Duration, _ tokenizer: Tokenizer) -> JSONValue {
        func walk() -> JSONValue {
            var nanoseconds: [JSONValue] = []
            for text in texts {
                var state = constraint.start
                for token in tokenizer.encode(text) {
                    let took = ContinuousClock().measure { _ = state.mask() }
                    nanoseconds.append(.integer(took.nanoseconds))
                    guard let next = state.advanced(by: token) else { return .null }
                    state = next
                }
                if !state.isWhole { return .null }
            }
            return .array(nanoseconds)
        }
        return .object(["compile": .integer(compile.nanoseconds), "first": walk(), "again": walk()])
    }

    private func masks(_ constraint: Constraint, _ tokens: [Int32]) -> JSONValue {
        var state: ConstraintState? = constraint.start
        var masks: [JSONValue] = []
        for token in tokens {
            guard let here = state else { break }
            masks.append(.array(here.mask().tokens.map { .integer(Int($0)) }))
            state = here.advanced(by: token)
        }
        if let state { masks.append(.array(state.mask().tokens.map { .integer(Int($0)) })) }
        return .object(["masks": .array(masks), "tokens": .array(tokens.map { .integer(Int($0)) })])
    }
}

extension Duration {
    var nanoseconds: Int { Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000) }
}
