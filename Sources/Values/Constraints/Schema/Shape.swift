/// What a value must be, with every alternative decided: the conjunction of the schemas that apply to it.
struct Shape: Sendable {
    struct Types: OptionSet, Sendable {
        let rawValue: UInt8

        static let null = Types(rawValue: 1)
        static let boolean = Types(rawValue: 2)
        static let integer = Types(rawValue: 4)
        /// Numbers that are no integers.
        static let fraction = Types(rawValue: 8)
        static let string = Types(rawValue: 16)
        static let array = Types(rawValue: 32)
        static let object = Types(rawValue: 64)
        static let all = Types(rawValue: 127)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init?(_ name: String) {
            switch name {
            case "null": self = .null
            case "boolean": self = .boolean
            case "integer": self = .integer
            case "number": self = [.integer, .fraction]
            case "string": self = .string
            case "array": self = .array
            case "object": self = .object
            default: return nil
            }
        }
    }

    /// What one schema says about the members of an object, by numbers of schemas.
    struct Members: Sendable {
        var names: [String] = []
        var schemas: [String: Int] = [:]
        /// For the names that are not among these; `nil` is anything.
        var additional: Int?

        func schema(_ name: String) -> Int? { schemas[name] ?? additional }
    }

    /// What one schema says about the items of an array.
    struct Items: Sendable {
        var prefix: [Int] = []
        var rest: Int?

        func schema(_ index: Int) -> Int? { index < prefix.count ? prefix[index] : rest }
    }

    var types = Types.all
    /// The only values, if those are listed.
    var values: [SchemaText]?
    var lower: NumberExpressions.Bound?
    var upper: NumberExpressions.Bound?
    var minLength = 0
    var maxLength: Int?
    var patterns: [String] = []
    var formats: [String] = []
    var members: [Members] = []
    var required: [String] = []
    var items: [Items] = []
    var minItems = 0
    var maxItems: Int?

    /// The names of members in their order: as the schemas have them, then what is only required.
    var names: [String] {
        var seen: Set<String> = []
        return (members.flatMap(\.names) + required).filter { seen.insert($0).inserted }
    }

    /// The schemas that apply to a member, and to members that no schema names.
    func schemas(ofMember name: String) -> [Int] { members.compactMap { $0.schema(name) } }
    var additional: [Int] { members.compactMap(\.additional) }

    func schemas(ofItem index: Int) -> [Int] { items.compactMap { $0.schema(index) } }
    /// Items that have schemas of their own.
    var prefixCount: Int { items.map(\.prefix.count).max() ?? 0 }

    mutating func restrict(to values: [SchemaText]) {
        if let own = self.values {
            self.values = own.filter { value in values.contains { $0.equals(value) } }
        } else {
            self.values = values
        }
    }

    mutating func restrict(from bound: NumberExpressions.Bound) {
        guard let own = lower else { return lower = bound }
        if bound.value > own.value || (bound.value == own.value && bound.isExclusive) { lower = bound }
    }

    mutating func restrict(upTo bound: NumberExpressions.Bound) {
        guard let own = upper else { return upper = bound }
        if bound.value < own.value || (bound.value == own.value && bound.isExclusive) { upper = bound }
    }
}
