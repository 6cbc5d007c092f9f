/// How the decoder's matrices are held, and in `bf16` the vision tower's too, unless its own format says otherwise.
///
/// Norms are float32 in every format.
package enum WeightFormat: String, Sendable, CaseIterable {
    /// As the published checkpoint stores them: bfloat16, float16 or float32. Activations are float32.
    case native
    /// In bfloat16, other types rounded to nearest; the activations that they multiply are rounded to bfloat16 too, as
    /// Hugging Face's are with `torch_dtype=bfloat16`. Sums are float32.
    case bf16
    /// Eight bits a weight: groups of 32 columns with a scale in half precision.
    case q8
    /// Four bits a weight, in the same groups.
    case q4
    /// Four bits, and eight for the matrices that `WeightMix` names.
    case q4m

    /// Whether the matrices consist of groups with a scale, which is what a packed checkpoint can hold.
    package var isQuantised: Bool { Self.quantised.contains(self) }

    /// The formats of packed checkpoints.
    package static let quantised: [WeightFormat] = [.q8, .q4, .q4m]

    /// For messages: `q8, q4 or q4m`.
    package static func list(_ formats: [WeightFormat]) -> String {
        let names = formats.map(\.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}
