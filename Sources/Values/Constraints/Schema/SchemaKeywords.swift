/// Which keywords of JSON Schema are known.
enum SchemaKeywords {
    /// Those that say nothing about a value.
    private static let annotations: Set<String> = [
        "title", "description", "default", "example", "examples", "$comment", "$schema", "$defs", "definitions",
        "deprecated", "readOnly", "writeOnly", "contentMediaType", "contentEncoding", "discriminator",
    ]
    private static let assertions: Set<String> = [
        "type", "nullable", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems",
        "additionalItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf", "allOf", "$ref",
    ]

    /// Refuses a keyword that is not known, unless its value is the one that changes nothing.
    static func check(_ members: [SchemaText.Member], at place: String) throws(FormatRefusal) {
        for member in members where !annotations.contains(member.key) && !assertions.contains(member.key) {
            if isNeutral(member, at: place) { continue }
            throw FormatRefusal("\"\(member.key.prefix(80))\" at \(place) is not supported")
        }
    }

    private static func isNeutral(_ member: SchemaText.Member, at place: String) -> Bool {
        switch (member.key, member.value) {
        case ("uniqueItems", .bool(false)), ("unevaluatedProperties", .bool(true)), ("unevaluatedItems", .bool(true)):
            true
        case ("minProperties", .number(let number)): number.isZero
        case ("$id", _), ("id", .string): place == "#"
        default: false
        }
    }
}
