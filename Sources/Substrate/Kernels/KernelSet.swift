internal import CKernels

/// The kernels of one instruction set.
///
/// Every set computes the same bits; `reference` is the definition in plain C. A set is a table of C functions.
package struct KernelSet: @unchecked Sendable {
    // Safe because the table is a constant of the C library that nobody writes.
    let table: UnsafePointer<ck_kernels>

    /// A table with a hole would crash, or leave work undone, in the middle of a step.
    private init(_ table: UnsafePointer<ck_kernels>) {
        if let hole = ckernels_hole(table) {
            preconditionFailure("\(String(cString: table.pointee.name)) has no kernel \(String(cString: hole))")
        }
        self.table = table
    }

    /// The fastest set of this machine, or what the environment variable `FLOTILLA_ISA` asks for.
    package static let active = KernelSet(ckernels_active())

    /// A set by its name (`ref`, `avx2`, `avxvnni`, `avx512`, `avx512bf16`); `nil` if this processor cannot run it.
    package static func named(_ name: String) -> KernelSet? { ckernels_named(name).map(KernelSet.init) }

    /// The names of all sets, the slowest first.
    package static var names: [String] {
        var names: [String] = []
        while let name = ckernels_name(names.count) { names.append(String(cString: name)) }
        return names
    }

    package var name: String { String(cString: table.pointee.name) }
}
