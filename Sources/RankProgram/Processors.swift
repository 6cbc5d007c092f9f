internal import Foundation

/// The processors that this process may use.
package enum Processors {
    /// The size of the affinity mask, as the kernel lists it: `0-3,8`.
    package static let available: Int = {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        let list = line?.split(separator: "\t").last ?? ""
        let count = list.split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return sum + (ends.count == 2 ? ends[1] - ends[0] + 1 : ends.count)
        }
        return max(1, count)
    }()

    /// A fair share of them for each of `ranks` ranks on this host that share the mask.
    package static func share(of ranks: Int) -> Int { max(1, available / max(1, ranks)) }
}
