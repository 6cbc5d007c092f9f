/// Turns schemas that apply together into shapes: one for each way in which their alternatives can be decided.
struct ShapeReader {
    let limits: ConstraintLimits
    var table: SchemaTable
    /// Schemas whose keywords are known to be.
    private var checked: Set<Int> = []

    init(_ root: SchemaText, _ limits: ConstraintLimits) {
        self.limits = limits
        table = SchemaTable(root)
    }

    /// A pair of branches of a `oneOf`, which must exclude each other.
    struct Pair: Hashable {
        var first: Int
        var second: Int
        var place: String
    }

    /// Pairs that somebody must look at, each told once.
    private(set) var pairs: [Pair] = []
    private var told: Set<Pair> = []

    mutating func takePairs() -> [Pair] {
        defer { pairs = [] }
        return pairs
    }

    /// The shapes of a value to which all of these schemas apply.
    mutating func shapes(_ schemas: [Int]) throws(FormatRefusal) -> [Shape] {
        var shapes = [Shape()]
        for schema in schemas { shapes = try apply(schema, to: shapes, under: []) }
        return shapes
    }

    private mutating func apply(_ number: Int, to shapes: [Shape], under: [Int]) throws(FormatRefusal) -> [Shape] {
        let (schema, place) = (table.schemas[number], table.places[number])
        if under.contains(number) { throw FormatRefusal("the schema at \(place) refers to itself without end") }
        guard under.count < limits.depth else { throw FormatRefusal("the schema at \(place) is too deep") }
        guard table.schemas.count <= limits.schemas else {
            throw FormatRefusal("the schema has more than \(limits.schemas) parts")
        }
        if let flag = schema.bool { return flag ? shapes : [] }
        guard let members = schema.members else {
            throw FormatRefusal("expected an object, true or false at \(place)")
        }
        if checked.insert(number).inserted { try SchemaKeywords.check(members, at: place) }
        let own = try KeywordReader(schema: schema, place: place, limits: limits).restriction(&table)
        var result: [Shape] = []
        for shape in shapes {
            let restricted = own(shape)
            if !restricted.types.isEmpty { result.append(restricted) }
        }
        return try branches(schema, place, result, under + [number])
    }

    private mutating func branches(
        _ schema: SchemaText,
        _ place: String,
        _ shapes: [Shape],
        _ under: [Int]
    ) throws(FormatRefusal) -> [Shape] {
        var shapes = shapes
        if let reference = schema["$ref"] {
            guard let reference = reference.string else { throw FormatRefusal("$ref at \(place) is not a text") }
            shapes = try apply(try table.target(of: reference, from: place), to: shapes, under: under)
        }
        for branch in try list("allOf", schema, place) { shapes = try apply(branch, to: shapes, under: under) }
        for keyword in ["anyOf", "oneOf"] {
            let branches = try list(keyword, schema, place)
            if branches.isEmpty { continue }
            if keyword == "oneOf" { notePairs(branches, place) }
            var result: [Shape] = []
            for branch in branches { result += try apply(branch, to: shapes, under: under) }
            guard result.count <= limits.alternatives else {
                throw FormatRefusal(
                    "\(keyword) at \(place) comes to more than \(limits.alternatives) alternatives for one value"
                )
            }
            shapes = result
        }
        return shapes
    }

    private mutating func list(_ keyword: String, _ schema: SchemaText, _ place: String) throws(FormatRefusal) -> [Int]
    {
        guard let value = schema[keyword] else { return [] }
        guard let items = value.array, !items.isEmpty else {
            throw FormatRefusal("\(keyword) at \(place) is not an array of schemas")
        }
        guard items.count <= limits.alternatives else {
            throw FormatRefusal(
                "\(keyword) at \(place) has \(items.count) branches, expected \(limits.alternatives) at most"
            )
        }
        return items.enumerated().map {
            table.number(of: $1, at: SchemaTable.place(place, keyword, String($0)))
        }
    }

    private mutating func notePairs(_ branches: [Int], _ place: String) {
        for (index, first) in branches.enumerated() {
            for second in branches[(index + 1)...] {
                let pair = Pair(first: first, second: second, place: place)
                if told.insert(pair).inserted { pairs.append(pair) }
            }
        }
    }
}
