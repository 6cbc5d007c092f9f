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

    /// Whether the matrices consist of groups with a scale, which is what a packed checkpoint can hold.
    package var isQuantised: Bool { self == .q8 || self == .q4 }
}
