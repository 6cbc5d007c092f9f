internal import Foundation

/// Figures about hosts as people read them.
enum HostFigures {
    static func rate(_ megabits: Double) -> String {
        megabits >= 1000 ? String(format: "%.1f Gbit/s", megabits / 1000) : String(format: "%.0f Mbit/s", megabits)
    }

    static func time(_ microseconds: Double) -> String {
        switch microseconds {
        case 1e6...: String(format: "%.1f s", microseconds / 1e6)
        case 1000...: String(format: "%.1f ms", microseconds / 1000)
        default: String(format: "%.0f µs", microseconds)
        }
    }

    static func ranks(_ ranks: [Int]) -> String {
        ranks.isEmpty
            ? "no rank" : "\(ranks.count == 1 ? "rank" : "ranks") \(ranks.map(String.init).joined(separator: ", "))"
    }
}
