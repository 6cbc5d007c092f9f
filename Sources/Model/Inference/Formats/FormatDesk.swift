package import Constraints
internal import Requests

/// Has constraints of formats made, and keeps those that were asked for lately.
///
/// A vocabulary and a large schema take longer than a step: a thread of its own makes them. Used by the leader's thread.
package final class FormatDesk {
    private static let capacity = 16

    private let workshop: FormatWorkshop
    /// The last one asked for is the last.
    private var known: [FormatWorkshop.Product] = []
    private var coming: [AnswerFormat] = []

    /// - Parameter load: gives the vocabulary, before the first format or when `prepare` is called.
    package init(load: @escaping @Sendable () throws -> TokenVocabulary) { workshop = FormatWorkshop(load: load) }

    deinit { workshop.close() }

    /// Has the vocabulary loaded now.
    package func prepare() { workshop.want(nil) }

    /// The constraint of a format, or what is wrong with it, or with the files of the vocabulary.
    ///
    /// - Returns: `nil` while it is being made, which it is from the first call on.
    func constraint(_ format: AnswerFormat) -> Result<Constraint, any Error>? {
        for product in workshop.takeProducts() { keep(product) }
        if let place = known.firstIndex(where: { $0.format == format }) {
            let product = known.remove(at: place)
            if !product.isWorn {
                known.append(product)
                return product.result
            }
        }
        if !coming.contains(format) {
            coming.append(format)
            workshop.want(format)
        }
        return nil
    }

    private func keep(_ product: FormatWorkshop.Product) {
        coming.removeAll { $0 == product.format }
        if known.count == Self.capacity { known.removeFirst() }
        known.append(product)
    }
}
