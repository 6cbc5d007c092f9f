/// Reads what the keywords of one schema say about a value, its alternatives excepted.
struct KeywordReader {
    let schema: SchemaText
    let place: String
    let limits: ConstraintLimits

    /// What the keywords do to a shape; the schemas inside get numbers.
    func restriction(_ table: inout SchemaTable) throws(FormatRefusal) -> (Shape) -> Shape {
        let types = try types()
        let values = try values()
        let (lower, upper) = (try bounds("minimum", "exclusiveMinimum"), try bounds("maximum", "exclusiveMaximum"))
        let (minLength, maxLength) = (try count("minLength"), try count("maxLength"))
        let (minItems, maxItems) = (try count("minItems"), try count("maxItems"))
        let (pattern, format) = (try text("pattern"), try format())
        let members = try members(&table)
        let required = try required()
        let items = try items(&table)
        return { shape in
            var shape = shape
            shape.types.formIntersection(types)
            if let values { shape.restrict(to: values) }
            for bound in lower { shape.restrict(from: bound) }
            for bound in upper { shape.restrict(upTo: bound) }
            shape.minLength = max(shape.minLength, minLength ?? 0)
            shape.minItems = max(shape.minItems, minItems ?? 0)
            if let maxLength { shape.maxLength = min(shape.maxLength ?? maxLength, maxLength) }
            if let maxItems { shape.maxItems = min(shape.maxItems ?? maxItems, maxItems) }
            if let pattern, !shape.patterns.contains(pattern) { shape.patterns.append(pattern) }
            if let format, !shape.formats.contains(format) { shape.formats.append(format) }
            if let members { shape.members.append(members) }
            let known = Set(shape.required)
            shape.required += required.filter { !known.contains($0) }
            if let items { shape.items.append(items) }
            return shape
        }
    }

    private func refusal(_ keyword: String, _ expected: String) -> FormatRefusal {
        FormatRefusal("\(keyword) at \(place) is not \(expected)")
    }

    // MARK: Any value

    private func types() throws(FormatRefusal) -> Shape.Types {
        guard let value = schema["type"] else { return .all }
        let names = value.array ?? [value]
        var types: Shape.Types = []
        for name in names {
            guard let type = name.string.flatMap({ Shape.Types($0) }) else {
                throw refusal("type", "a type of JSON, or an array of them")
            }
            types.formUnion(type)
        }
        if let nullable = schema["nullable"] {
            guard let flag = nullable.bool else { throw refusal("nullable", "true or false") }
            if flag { types.insert(.null) }
        }
        return types
    }

    private func values() throws(FormatRefusal) -> [SchemaText]? {
        var values: [SchemaText]?
        if let list = schema["enum"] {
            guard let list = list.array else { throw refusal("enum", "an array") }
            guard list.count <= limits.values else {
                throw FormatRefusal("enum at \(place) has \(list.count) values, expected \(limits.values) at most")
            }
            values = list
        }
        if let value = schema["const"] {
            values = values.map { $0.filter { $0.equals(value) } } ?? [value]
        }
        return values
    }

    private func text(_ keyword: String) throws(FormatRefusal) -> String? {
        guard let value = schema[keyword] else { return nil }
        guard let text = value.string else { throw refusal(keyword, "a text") }
        return text
    }

    private func format() throws(FormatRefusal) -> String? {
        guard let name = try text("format") else { return nil }
        guard StringFormats.patterns[name] != nil else {
            throw FormatRefusal(
                "format \"\(name.prefix(80))\" at \(place) is not supported; these are: \(StringFormats.names)"
            )
        }
        return name
    }

    private func count(_ keyword: String) throws(FormatRefusal) -> Int? {
        guard let value = schema[keyword] else { return nil }
        guard let count = value.number?.count else { throw refusal(keyword, "a whole number of 0 or more") }
        guard count <= limits.count else { throw FormatRefusal("\(keyword) at \(place) is more than \(limits.count)") }
        return count
    }

    private func bounds(
        _ inclusive: String,
        _ exclusive: String
    ) throws(FormatRefusal) -> [NumberExpressions.Bound] {
        var bounds: [NumberExpressions.Bound] = []
        for (keyword, isExclusive) in [(inclusive, false), (exclusive, true)] {
            guard let value = schema[keyword] else { continue }
            guard let number = value.number else { throw refusal(keyword, "a number") }
            bounds.append(NumberExpressions.Bound(value: number, isExclusive: isExclusive))
        }
        return bounds
    }

    // MARK: Objects and arrays

    private func members(_ table: inout SchemaTable) throws(FormatRefusal) -> Shape.Members? {
        let (properties, additional) = (schema["properties"], schema["additionalProperties"])
        if properties == nil && additional == nil { return nil }
        var members = Shape.Members()
        if let properties {
            guard let list = properties.members else { throw refusal("properties", "an object") }
            for property in list {
                let place = SchemaTable.place(place, "properties", property.key)
                members.names.append(property.key)
                members.schemas[property.key] = table.number(of: property.value, at: place)
            }
        }
        if let additional {
            members.additional = table.number(of: additional, at: SchemaTable.place(place, "additionalProperties"))
        }
        return members
    }

    private func required() throws(FormatRefusal) -> [String] {
        guard let value = schema["required"] else { return [] }
        guard let names = value.array?.map(\.string), !names.contains(nil) else {
            throw refusal("required", "an array of texts")
        }
        return names.compactMap(\.self)
    }

    private func items(_ table: inout SchemaTable) throws(FormatRefusal) -> Shape.Items? {
        var (prefix, rest) = (schema["prefixItems"], schema["items"])
        var keywords = ("prefixItems", "items")
        if prefix == nil, rest?.array != nil {
            // As drafts before 2020 have it.
            (prefix, rest) = (rest, schema["additionalItems"])
            keywords = ("items", "additionalItems")
        }
        if prefix == nil && rest == nil { return nil }
        var items = Shape.Items()
        if let prefix {
            guard let list = prefix.array else { throw refusal(keywords.0, "an array of schemas") }
            for (index, item) in list.enumerated() {
                let place = SchemaTable.place(place, keywords.0, String(index))
                items.prefix.append(table.number(of: item, at: place))
            }
        }
        if let rest { items.rest = table.number(of: rest, at: SchemaTable.place(place, keywords.1)) }
        return items
    }
}
