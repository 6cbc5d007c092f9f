package import Diagnostics
internal import Foundation
package import RankProgram

/// The plan needs more memory than this host has.
package struct OutOfMemoryError: OperatorError, Equatable {
    package let needed: Int
    package let available: Int
    package var groups = 1

    package var description: String {
        (groups == 1 ? "the group needs" : "the \(groups) groups need")
            + " \(GroupPlanTable.gibibytes(needed)) GiB, and this host has "
            + "\(GroupPlanTable.gibibytes(available)) GiB of memory to give"
    }
    package var hint: String? {
        "flotilla plan shows what each rank needs; a smaller --context, or ranks on more hosts (--hostfile), need less"
    }
    package var exitCode: ExitCode { .outOfMemory }
}

/// The memory of this host.
package enum HostMemory {
    /// Bytes that new processes can have without swapping; `nil` where the kernel does not say.
    package static var availableBytes: Int? { AvailableMemory.bytes }

    /// Refuses a plan whose ranks all run on this host and do not fit; before anything is loaded.
    ///
    /// - Parameters:
    ///   - groups: how many groups of this plan there are.
    ///   - bytes: what is needed beside the ranks.
    package static func check(
        _ plan: GroupPlan,
        groups: Int = 1,
        besides bytes: Int = 0
    ) throws(OutOfMemoryError) {
        let needed = groups * plan.totalBytes + bytes
        guard let available = availableBytes, needed > available else { return }
        throw OutOfMemoryError(needed: needed, available: available, groups: groups)
    }
}
