internal import Foundation
internal import Kernels

/// The processors that this process may use.
package enum Processors {
    /// The size of the affinity mask that the process started with.
    package static let available = max(1, allowed.count)

    /// The affinity mask that the process started with, as the kernel lists it: `0-3,8`.
    package static let allowed: [Int] = {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        let list = line?.split(separator: "\t").last ?? ""
        return list.split(separator: ",").flatMap { part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return ends.count == 2 ? Array(ends[0]...max(ends[0], ends[1])) : ends
        }
    }()

    /// Binds the caller, and threads that it creates later, to this rank's own part of the processors, if the ranks of
    /// this host use every one of them.
    ///
    /// Left to itself the system puts a vision rank and a decoder rank on one processor now and then, for some
    /// milliseconds each. Where processors are left over, another group may run, and would choose the same.
    ///
    /// - Parameters:
    ///   - place: of the rank among the `ranks` ranks on this host.
    ///   - threads: of each of them.
    /// - Returns: whether it was bound.
    @discardableResult
    package static func bind(place: Int, of ranks: Int, threads: Int) -> Bool {
        guard ranks > 1, ranks * threads == available, (0..<ranks).contains(place) else { return false }
        return ThreadPool.bindCaller(processors: place * threads..<(place + 1) * threads)
    }

    /// A fair share of them for each of `ranks` ranks on this host that share the mask.
    package static func share(of ranks: Int) -> Int { max(1, available / max(1, ranks)) }
}
