package import Constraints
internal import Requests

/// Makes constraints of formats, and keeps those that were asked for lately.
package final class FormatDesk {
    private static let capacity = 16

    private let load: () throws -> TokenVocabulary
    private var vocabulary: TokenVocabulary?
    /// The last one asked for is the last.
    private var known: [(format: AnswerFormat, constraint: Constraint)] = []

    /// - Parameter load: gives the vocabulary, once the first format is asked for.
    package init(load: @escaping () throws -> TokenVocabulary) { self.load = load }

    /// - Throws: what is wrong with the format, or with the files of the vocabulary.
    func constraint(_ format: AnswerFormat) throws -> Constraint {
        if let place = known.firstIndex(where: { $0.format == format }) {
            let entry = known.remove(at: place)
            if !entry.constraint.isWorn {
                known.append(entry)
                return entry.constraint
            }
        }
        let words = try vocabulary ?? load()
        vocabulary = words
        let constraint = try Constraint(format, words)
        if known.count == Self.capacity { known.removeFirst() }
        known.append((format, constraint))
        return constraint
    }
}
