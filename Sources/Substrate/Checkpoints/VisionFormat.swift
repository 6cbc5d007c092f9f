/// How the matrices of the vision tower and of the projector are held, and what their products take.
///
/// Norms, attention, activations and sums are float32 in every format.
package enum VisionFormat: String, Sendable, CaseIterable {
    /// As the checkpoint stores them; activations are float32.
    case native
    /// In bfloat16, other types rounded to nearest; the activations that they multiply are rounded to bfloat16 too.
    case bf16
    /// In eight bits: groups of 32 columns with a scale in half precision; the activations become integers of eight bits, a
    /// group by itself. The patches' pixels are multiplied as in `native`.
    case q8

    /// What a group has that runs in this format, where nothing else is said.
    package init(of format: WeightFormat) { self = format == .bf16 ? .bf16 : .native }
}
