internal import Checkpoints

extension MachineProbe {
    /// Operations a second in registers of what products of several tokens consist of in a format.
    func peak(of format: WeightFormat, rounds: Int = 100_000) -> Double {
        switch format {
        case .native: multiplyAddPeak(rounds: rounds)
        case .bf16: bfloat16Peak(rounds: rounds)
        case .q8, .q4, .q4m: integerDotPeak(rounds: rounds)
        }
    }
}

extension WeightFormat {
    /// What `MachineProbe.peak(of:rounds:)` is of.
    var peakName: String {
        switch self {
        case .native: "multiply-adds"
        case .bf16: "bf16 dots"
        case .q8, .q4, .q4m: "int8 dots"
        }
    }
}
