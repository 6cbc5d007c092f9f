extension SchemaCompiler {
    mutating func array(_ shape: Shape) throws(FormatRefusal) -> ExpressionID {
        if let most = shape.maxItems, most < shape.minItems { return ExpressionArena.nothing }
        let prefix = min(shape.prefixCount, shape.maxItems ?? shape.prefixCount)
        let comma = arena.literal(",".utf8)
        var rest = ExpressionArena.empty
        if shape.maxItems.map({ $0 > prefix }) ?? true {
            let item = try expression(shape.schemas(ofItem: shape.prefixCount))
            let least = max(0, shape.minItems - prefix)
            let most = shape.maxItems.map { $0 - prefix }
            rest =
                prefix == 0
                ? listed(item, least, most) : arena.repetition(arena.sequence(comma, item), least, most)
        } else if shape.minItems > prefix {
            return ExpressionArena.nothing
        }
        for index in (0..<prefix).reversed() {
            let item = try expression(shape.schemas(ofItem: index))
            rest = arena.sequence([index > 0 ? comma : ExpressionArena.empty, item, rest])
            if index >= shape.minItems { rest = arena.optional(rest) }
        }
        return arena.sequence([arena.literal("[".utf8), rest, arena.literal("]".utf8)])
    }

    /// Members in the order of the schema, then those that no schema names.
    mutating func object(_ shape: Shape) throws(FormatRefusal) -> ExpressionID {
        let names = shape.names
        let required = Set(shape.required)
        let comma = arena.literal(",".utf8)
        let further = try additionalMember(shape, names)
        // What may follow where members have been written, and where none has.
        var later = arena.repetition(arena.sequence(comma, further), 0, nil)
        var first = listed(further, 0, nil)
        for name in names.reversed() {
            let value = try expression(shape.schemas(ofMember: name))
            let member = arena.sequence(arena.literal(SchemaText.quoted(name) + ":".utf8), value)
            let here = arena.sequence(member, later)
            let isRequired = required.contains(name)
            first = isRequired ? here : arena.choice(here, first)
            let next = arena.sequence(comma, here)
            later = isRequired ? next : arena.choice(next, later)
            guard arena.size <= limits.expressions else {
                throw FormatRefusal("the schema comes to more than can be kept")
            }
        }
        return arena.sequence([arena.literal("{".utf8), first, arena.literal("}".utf8)])
    }

    private mutating func additionalMember(_ shape: Shape, _ names: [String]) throws(FormatRefusal) -> ExpressionID {
        let value = try expression(shape.additional)
        if value == ExpressionArena.nothing { return value }
        let all = arena.repetition(anyCharacter(), 0, nil)
        let named = arena.choice(names.map { arena.literal(CharacterSpelling.quoted.bytes($0)) })
        let name = quoted(arena.except(all, named))
        return arena.sequence([name, arena.literal(":".utf8), value])
    }

    // MARK: Values that are listed

    /// Whether a value that a schema lists is one of a shape.
    mutating func satisfies(_ value: SchemaText, _ shape: Shape) throws(FormatRefusal) -> Bool {
        if let values = shape.values, !values.contains(where: { $0.equals(value) }) { return false }
        switch value {
        case .null: return shape.types.contains(.null)
        case .bool: return shape.types.contains(.boolean)
        case .number(let number):
            guard shape.types.contains(number.isInteger ? .integer : .fraction) else { return false }
            if let lower = shape.lower, lower.isExclusive ? number <= lower.value : number < lower.value {
                return false
            }
            if let upper = shape.upper, upper.isExclusive ? number >= upper.value : number > upper.value {
                return false
            }
            return true
        case .string(let text):
            guard shape.types.contains(.string) else { return false }
            return arena.matches(try string(shape), CharacterSpelling.quoted.bytes(text))
        case .array(let items):
            guard shape.types.contains(.array), items.count >= shape.minItems,
                items.count <= shape.maxItems ?? Int.max
            else { return false }
            for (index, item) in items.enumerated() where try !satisfies(item, all: shape.schemas(ofItem: index)) {
                return false
            }
            return true
        case .object(let members):
            guard shape.types.contains(.object), shape.required.allSatisfy({ value[$0] != nil }) else { return false }
            for member in members where try !satisfies(member.value, all: shape.schemas(ofMember: member.key)) {
                return false
            }
            return true
        }
    }

    private mutating func satisfies(_ value: SchemaText, all schemas: [Int]) throws(FormatRefusal) -> Bool {
        for shape in try shapes(schemas) where try satisfies(value, shape) { return true }
        return false
    }
}
