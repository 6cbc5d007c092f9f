import Foundation

/// How a process ended.
enum ProcessEnd: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    var description: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signalled(let signal): "killed by signal \(signal)\(Self.name(of: signal))"
        }
    }

    private static func name(of signal: Int32) -> String {
        strsignal(signal).map { " (\(String(cString: $0)))" } ?? ""
    }
}
