/// Makes an expression over bytes of a JSON schema.
///
/// Schemas that apply to one value together are brought together first (`ShapeReader`), so that an expression is built
/// for each set of schemas once. A set that holds itself becomes a rule; everything else is written out, which costs
/// nothing as an arena keeps each expression once.
struct SchemaCompiler {
    let limits: ConstraintLimits
    var arena = ExpressionArena()
    private var reader: ShapeReader
    private var known: [[Int]: ExpressionID] = [:]
    /// The sets that are being built, with the rule of those that were met again inside.
    private var open: [[Int]: Int?] = [:]
    private var rulesOf: [Int: [Int]] = [:]
    /// Sets that only values without end would satisfy.
    private var unproductive: Set<[Int]> = []
    var budget: Int
    private var free: [ExpressionID] = []
    private var shapeCount = 0
    private var strings: [String: ExpressionID] = [:]

    /// The expression of all values of a schema.
    static func compile(
        _ root: SchemaText,
        _ limits: ConstraintLimits
    ) throws(FormatRefusal) -> (arena: ExpressionArena, root: ExpressionID) {
        var unproductive: Set<[Int]> = []
        while true {
            var compiler = SchemaCompiler(root, limits)
            compiler.unproductive = unproductive
            let id = try compiler.expression([0])
            if compiler.arena.isExhausted { throw FormatRefusal("the schema's bounds cost too much") }
            if id == ExpressionArena.nothing { throw FormatRefusal("no value satisfies the schema") }
            let endless = compiler.endlessSets()
            if endless.isEmpty { return (compiler.arena, id) }
            unproductive.formUnion(endless)
        }
    }

    /// The expression of any object.
    static func anyObject(_ limits: ConstraintLimits) -> (arena: ExpressionArena, root: ExpressionID) {
        var compiler = SchemaCompiler(.bool(true), limits)
        let any = compiler.anyValue(at: 1)
        return (compiler.arena, compiler.objectOfAny(any))
    }

    init(_ root: SchemaText, _ limits: ConstraintLimits) {
        self.limits = limits
        budget = limits.states
        reader = ShapeReader(root, limits)
    }

    /// What a value may be to which all of these schemas apply.
    mutating func expression(_ schemas: [Int]) throws(FormatRefusal) -> ExpressionID {
        var seen: Set<Int> = []
        let schemas = schemas.filter { seen.insert($0).inserted }
        if schemas.isEmpty { return anyValue(at: 0) }
        if unproductive.contains(schemas) { return ExpressionArena.nothing }
        if let id = known[schemas] { return id }
        if let entry = open[schemas] { return arena.rule(entry ?? newRule(schemas)) }
        guard open.count <= limits.depth else { throw FormatRefusal("the schema has more than \(limits.depth) levels") }
        guard known.count <= limits.schemas, arena.size <= limits.expressions else {
            throw FormatRefusal("the schema comes to more than can be kept")
        }
        open.updateValue(nil, forKey: schemas)
        let shapes = try reader.shapes(schemas)
        shapeCount += shapes.count
        guard shapeCount <= limits.shapes else {
            throw FormatRefusal("the schema has more than \(limits.shapes) alternatives in all")
        }
        try checkBranches()
        var parts: [ExpressionID] = []
        for shape in shapes { parts.append(try expression(shape)) }
        let result = arena.choice(parts)
        if case .some(.some(let rule)) = open.removeValue(forKey: schemas) { arena.rules[rule] = result }
        known[schemas] = result
        return result
    }

    mutating func shapes(_ schemas: [Int]) throws(FormatRefusal) -> [Shape] { try reader.shapes(schemas) }

    private mutating func newRule(_ schemas: [Int]) -> Int {
        arena.rules.append(ExpressionArena.nothing)
        let number = arena.rules.count - 1
        open.updateValue(number, forKey: schemas)
        rulesOf[number] = schemas
        return number
    }

    /// Branches of a `oneOf` must have no value in common, as a value of two would be none of one.
    private mutating func checkBranches() throws(FormatRefusal) {
        for pair in reader.takePairs() where try expression([pair.first, pair.second]) != ExpressionArena.nothing {
            let numbers = [pair.first, pair.second].map { reader.table.places[$0].split(separator: "/").last ?? "" }
            throw FormatRefusal(
                "branches \(numbers[0]) and \(numbers[1]) of oneOf at \(pair.place) do not exclude each other; "
                    + "anyOf, or a member with a const each, would do"
            )
        }
    }

    // MARK: Shapes

    private mutating func expression(_ shape: Shape) throws(FormatRefusal) -> ExpressionID {
        if let values = shape.values {
            var parts: [ExpressionID] = []
            var rest = shape
            rest.values = nil
            for value in values where try satisfies(value, rest) { parts.append(arena.literal(value.spelling)) }
            return arena.choice(parts)
        }
        var parts: [ExpressionID] = []
        if shape.types.contains(.null) { parts.append(arena.literal("null".utf8)) }
        if shape.types.contains(.boolean) { parts += [arena.literal("true".utf8), arena.literal("false".utf8)] }
        if shape.types.contains(.integer) { parts.append(number(shape)) }
        if shape.types.contains(.string) { parts.append(quoted(try string(shape))) }
        if shape.types.contains(.array) { parts.append(try array(shape)) }
        if shape.types.contains(.object) { parts.append(try object(shape)) }
        return arena.choice(parts)
    }

    private mutating func number(_ shape: Shape) -> ExpressionID {
        NumberExpressions.within(&arena) {
            shape.types.contains(.fraction)
                ? $0.numbers(shape.lower, shape.upper) : $0.integers(shape.lower, shape.upper)
        }
    }

    mutating func quoted(_ text: ExpressionID) -> ExpressionID {
        let quote = arena.literal([0x22])
        return arena.sequence([quote, text, quote])
    }

    mutating func anyCharacter() -> ExpressionID { CharacterSpelling.quoted.expression(.all, in: &arena) }

    /// The characters of a text, without quotation marks.
    mutating func string(_ shape: Shape) throws(FormatRefusal) -> ExpressionID {
        if let most = shape.maxLength, most < shape.minLength { return ExpressionArena.nothing }
        let lengths = arena.repetition(anyCharacter(), shape.minLength, shape.maxLength)
        let patterns =
            shape.patterns.map { ($0, true) } + shape.formats.map { (StringFormats.patterns[$0] ?? "", false) }
        if patterns.isEmpty { return lengths }
        let key = "\(shape.minLength) \(shape.maxLength ?? -1) \(shape.patterns) \(shape.formats)"
        if let id = strings[key] { return id }
        var result: ExpressionID?
        for (pattern, isOpen) in patterns {
            let node = try PatternReader.read(pattern, limits).anchored(isOpen: isOpen)
            let id = node.expression(.quoted, in: &arena)
            result = result.map { arena.both($0, id) } ?? id
        }
        var both = result ?? lengths
        if shape.minLength > 0 || shape.maxLength != nil { both = arena.both(both, lengths) }
        guard let explored = arena.explore(both, budget: &budget) else {
            let names = (shape.patterns.map { "pattern \"\($0.prefix(60))\"" } + shape.formats).joined(separator: ", ")
            throw FormatRefusal("\(names): more than \(limits.states) states, together with what came before")
        }
        strings[key] = explored
        return explored
    }

    // MARK: Values about which nothing is said

    /// Any value at a level; the deepest are no objects or arrays, so that every answer can be read again.
    mutating func anyValue(at level: Int) -> ExpressionID {
        if free.isEmpty {
            let scalars = Shape.Types.all.subtracting([.array, .object])
            var shape = Shape()
            shape.types = scalars
            let text = arena.repetition(anyCharacter(), 0, nil)
            let scalar = arena.choice([
                arena.literal("null".utf8), arena.literal("true".utf8), arena.literal("false".utf8), number(shape),
                quoted(text),
            ])
            free = [scalar]
            for _ in 0..<limits.freeDepth {
                let inner = free[free.count - 1]
                let items = listed(inner, 0, nil)
                let array = arena.sequence([arena.literal("[".utf8), items, arena.literal("]".utf8)])
                free.append(arena.choice([scalar, array, objectOfAny(inner)]))
            }
            free.reverse()
        }
        return free[min(level, free.count - 1)]
    }

    private mutating func objectOfAny(_ value: ExpressionID) -> ExpressionID {
        let name = quoted(arena.repetition(anyCharacter(), 0, nil))
        let members = listed(arena.sequence([name, arena.literal(":".utf8), value]), 0, nil)
        return arena.sequence([arena.literal("{".utf8), members, arena.literal("}".utf8)])
    }

    /// From `least` to `most` of `item`, with commas between.
    mutating func listed(_ item: ExpressionID, _ least: Int, _ most: Int?) -> ExpressionID {
        if most == 0 { return least == 0 ? ExpressionArena.empty : ExpressionArena.nothing }
        let further = arena.sequence(arena.literal(",".utf8), item)
        let rest = arena.repetition(further, max(0, least - 1), most.map { $0 - 1 })
        let some = arena.sequence(item, rest)
        return least == 0 ? arena.optional(some) : some
    }

    // MARK: Recursion

    /// The sets behind rules that have no finite value.
    private func endlessSets() -> Set<[Int]> {
        var productive: Set<Int> = []
        var grows = true
        while grows {
            grows = false
            // Numbers of parts are below the number of what they are part of, rules excepted.
            var ends = [Bool](repeating: false, count: arena.nodes.count)
            for (number, node) in arena.nodes.enumerated() { ends[number] = arena.ends(node, ends, productive) }
            for (rule, body) in arena.rules.enumerated() where ends[Int(body)] && !productive.contains(rule) {
                productive.insert(rule)
                grows = true
            }
        }
        return Set(rulesOf.filter { !productive.contains($0.key) }.values)
    }
}

extension ExpressionArena {
    fileprivate func ends(_ node: Node, _ known: [Bool], _ productive: Set<Int>) -> Bool {
        switch node.kind {
        case .nothing: false
        case .empty, .bytes, .literal, .both, .except: true
        case .sequence: known[Int(node.a)] && known[Int(node.b)]
        case .choice: members(node).contains { known[Int($0)] }
        case .repetition: node.b == 0 || known[Int(node.a)]
        case .rule: productive.contains(Int(node.a))
        }
    }
}
