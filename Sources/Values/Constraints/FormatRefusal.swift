/// Why a format of answers is not taken: one sentence without a full stop, which names the keyword or the limit.
package struct FormatRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
