/// What a format may cost, counted, so that it is refused everywhere alike.
package struct ConstraintLimits: Sendable, Equatable {
    /// Bytes of a schema, of all choices, and of one pattern.
    package var schemaBytes = 65_536
    package var choiceBytes = 65_536
    package var patternBytes = 4096
    /// Levels of a schema, and of groups in a pattern.
    package var depth = 64
    /// Schemas that a schema comes to, once those that apply together are brought together.
    package var schemas = 4096
    /// Alternatives that one value may have, once `anyOf` and the like are multiplied out.
    package var alternatives = 256
    /// The same over the whole schema.
    package var shapes = 20_000
    /// Values of one `enum`.
    package var values = 2000
    /// States of all patterns, formats and bounds.
    package var states = 12_000
    /// Parts of the whole expression.
    package var expressions = 400_000
    /// What brackets that may be read in several ways come to, a few a level.
    package var height = 64
    /// Levels of a value about which the schema says nothing.
    package var freeDepth = 16
    /// What `{n}` in a pattern, and lengths and counts in a schema may be at most.
    package var count = 1_000_000

    package init() {}
}
