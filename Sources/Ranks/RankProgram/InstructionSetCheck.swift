package import Diagnostics
internal import Kernels

/// Refuses an instruction set that cannot be had, where kernels would quietly take another.
package enum InstructionSetCheck {
    /// - Parameter environment: of this process; `FLOTILLA_ISA` chooses a set.
    package static func run(_ environment: [String: String]) throws(UsageError) {
        guard let name = environment["FLOTILLA_ISA"], !name.isEmpty, KernelSet.named(name) == nil else { return }
        let all = KernelSet.names
        let able = all.filter { KernelSet.named($0) != nil }.joined(separator: ", ")
        guard all.contains(name) else {
            throw UsageError(
                "FLOTILLA_ISA is \(name), expected one of \(all.joined(separator: ", "))",
                hint: "this processor can run \(able)"
            )
        }
        throw UsageError(
            "FLOTILLA_ISA is \(name), which this processor cannot run; it can run \(able)",
            hint: "without FLOTILLA_ISA the fastest set is taken"
        )
    }
}
