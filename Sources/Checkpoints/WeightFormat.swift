/// How the decoder's matrices are held. Norms are float32, and the vision tower is as stored, in every format.
package enum WeightFormat: String, Sendable, CaseIterable {
    /// As the published checkpoint stores them: bfloat16, float16 or float32.
    case native
    /// Eight bits a weight: groups of 32 columns with a scale in half precision.
    case q8
    /// Four bits a weight, in the same groups.
    case q4

    package var isQuantised: Bool { self != .native }
}
