internal import JSON

/// The form that an answer, behind any thinking, must have.
package enum AnswerFormat: Codable, Sendable, Equatable {
    /// Any JSON object.
    case jsonObject
    /// A value of this JSON schema, kept as its text since the order of properties counts.
    case jsonSchema(String)
    /// A text that matches this regular expression from end to end.
    case regex(String)
    /// One of these texts.
    case choice([String])

    /// Refuses what cannot be kept to, naming the keyword.
    package func check() throws(FormatRefusal) { _ = try compiled() }

    func compiled(
        _ limits: ConstraintLimits = ConstraintLimits()
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        var (arena, root) = try expression(limits)
        arena.boundHeight(more: limits.height)
        return (arena, root)
    }

    private func expression(
        _ limits: ConstraintLimits
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        switch self {
        case .jsonObject: return SchemaCompiler.anyObject(limits)
        case .jsonSchema(let text): return try Self.compiled(schema: text, limits)
        case .regex(let pattern): return try Self.compiled(pattern: pattern, limits)
        case .choice(let choices): return try Self.compiled(choices, limits)
        }
    }

    private static func compiled(
        schema text: String,
        _ limits: ConstraintLimits
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        guard text.utf8.count <= limits.schemaBytes else {
            throw FormatRefusal("the schema has \(text.utf8.count) bytes, expected \(limits.schemaBytes) at most")
        }
        let schema: SchemaText
        do {
            schema = try JSONReader.read(text) { (reader) throws(JSONFailure) in try SchemaText.read(&reader) }
        } catch {
            throw FormatRefusal("the schema cannot be read: \(error)")
        }
        return try SchemaCompiler.compile(schema, limits)
    }

    private static func compiled(
        pattern: String,
        _ limits: ConstraintLimits
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        var arena = ExpressionArena()
        let node = try PatternReader.read(pattern, limits).anchored(isOpen: false)
        let id = node.expression(.plain, in: &arena)
        var budget = limits.states
        guard let root = arena.explore(id, budget: &budget) else {
            throw FormatRefusal("the pattern \"\(pattern.prefix(60))\" has more than \(limits.states) states")
        }
        if root == ExpressionArena.nothing { throw FormatRefusal("no text matches the pattern") }
        return (arena, root)
    }

    private static func compiled(
        _ choices: [String],
        _ limits: ConstraintLimits
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        let bytes = choices.reduce(0) { $0 + $1.utf8.count }
        guard bytes <= limits.choiceBytes else {
            throw FormatRefusal("the choices have \(bytes) bytes, expected \(limits.choiceBytes) at most")
        }
        guard !choices.isEmpty, !choices.contains("") else {
            throw FormatRefusal("choices is empty, or holds an empty text")
        }
        var arena = ExpressionArena()
        let root = arena.choice(choices.map { arena.literal($0.utf8) })
        return (arena, root)
    }
}
