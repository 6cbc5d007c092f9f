internal import Foundation

/// The memory that this host has to give.
package enum AvailableMemory {
    /// Bytes that new processes can have without swapping; `nil` where the kernel does not say.
    package static var bytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
