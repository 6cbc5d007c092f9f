/// The entries of `logit_bias` as they are read, from JSON or a command line.
package struct BiasTable: Sendable {
    private var biases: [Int32: Float] = [:]

    package init() {}

    /// A token by its id as text; `nil` if that is no id.
    package static func token(_ text: String) -> Int32? { Int32(text).flatMap { $0 >= 0 ? $0 : nil } }

    /// Adds an entry; `false` if the token has one.
    package mutating func add(_ token: Int32, _ bias: Float) -> Bool {
        biases.updateValue(bias, forKey: token) == nil
    }

    /// By rising id, as ``Sampling/logitBias`` wants them.
    package var entries: [Sampling.Bias] {
        biases.sorted { $0.key < $1.key }.map { Sampling.Bias(id: $0.key, bias: $0.value) }
    }
}
