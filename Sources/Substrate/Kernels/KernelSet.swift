internal import CKernels

/// The kernels of one instruction set.
///
/// Every set computes the same bits; `reference` is the definition in plain C. A set is a table of C functions.
package struct KernelSet: @unchecked Sendable {
    // Safe because the table is a constant of the C library that nobody writes.
    let table: UnsafePointer<ck_kernels>

    /// The fastest set of this machine, or what the environment variable `FLOTILLA_ISA` asks for.
    package static let active = KernelSet(table: ckernels_active())

    /// A set by its name (`ref`, `avx2`, `avx512`, `avx512bf16`); `nil` if this processor cannot run it.
    package static func named(_ name: String) -> KernelSet? {
        guard let table = ckernels_named(name) else { return nil }
        return KernelSet(table: table)
    }

    package var name: String { String(cString: table.pointee.name) }
}
