package import Diagnostics

/// A rank for which no host has the memory.
package struct HostMemoryError: OperatorError, Equatable {
    package let rank: Int
    package let isDecoder: Bool
    package let needed: Int
    /// The host that has most left.
    package let host: String
    package let available: Int
    /// What the ranks before it take there.
    package let taken: Int

    package var description: String {
        let role = isDecoder ? "decoder" : "vision"
        let others = taken > 0 ? ", of which ranks before it take \(Self.gibibytes(taken)) GiB" : ""
        return "\(role) rank \(rank) needs \(Self.gibibytes(needed)) GiB, and no host has them: \(host) has "
            + "\(Self.gibibytes(available)) GiB of memory to give\(others)"
    }
    package var hint: String? {
        "flotilla plan --hostfile shows what each host must hold; a smaller --context, or more hosts, need less"
    }
    package var exitCode: ExitCode { .outOfMemory }

    /// Rounded up or down to hundredths, without Foundation.
    private static func gibibytes(_ bytes: Int) -> String {
        let hundredths = (bytes * 100 + (1 << 29)) >> 30
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
