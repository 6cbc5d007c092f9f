internal import Constraints
internal import Foundation

/// The thread that makes constraints, one after the other: begun with the first that is wanted.
final class FormatWorkshop: @unchecked Sendable {
    /// What has become of a format; who takes it is the only one to hold its constraint.
    struct Product {
        var format: AnswerFormat
        var result: Result<Constraint, any Error>

        /// Whether it had better be made again.
        var isWorn: Bool { if case .success(let constraint) = result { constraint.isWorn } else { false } }
    }

    private let condition = NSCondition()
    private let load: @Sendable () throws -> TokenVocabulary
    // Under the condition.
    private var wanted: [AnswerFormat?] = []
    private var products: [Product] = []
    private var isClosed = false
    private var hasThread = false

    init(load: @escaping @Sendable () throws -> TokenVocabulary) { self.load = load }

    /// Puts a format in line; `nil` is the vocabulary alone.
    func want(_ format: AnswerFormat?) {
        condition.withLock {
            wanted.append(format)
            condition.signal()
            guard !hasThread else { return }
            hasThread = true
            let thread = Thread { self.work() }
            thread.name = "formats"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// What has been made since the last call.
    func takeProducts() -> [Product] {
        condition.withLock {
            defer { products = [] }
            return products
        }
    }

    /// Lets the thread end.
    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    private func work() {
        var vocabulary: Result<TokenVocabulary, any Error>?
        while let format = next() {
            let words = vocabulary ?? Result { try load() }
            vocabulary = words
            guard let format else { continue }
            let product = Product(format: format, result: Result { try Constraint(format, words.get()) })
            condition.withLock { products.append(product) }
        }
    }

    /// The next in line; `nil` when there will be none.
    private func next() -> AnswerFormat?? {
        condition.withLock {
            while wanted.isEmpty && !isClosed { condition.wait() }
            return isClosed ? nil : .some(wanted.removeFirst())
        }
    }
}
