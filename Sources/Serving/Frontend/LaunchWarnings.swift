internal import Foundation
package import RankProgram

/// What about a group's shape would cripple it on this host.
package enum LaunchWarnings {
    package static func of(_ options: RankOptions, processors: Int? = nil, online: Int? = nil) -> [String] {
        let usable = processors ?? Processors.available
        let online = online ?? ProcessInfo.processInfo.processorCount
        let threads = options.threads ?? Processors.share(of: options.worldSize)
        var warnings: [String] = []
        if options.decoderRanks > usable {
            warnings.append(
                "\(options.decoderRanks) decoder ranks share \(usable) processors of this host: each step waits for "
                    + "ranks that do not run; spread them over more hosts, or use \(usable) decoder ranks at most"
            )
        } else if options.decoderRanks * threads > usable {
            warnings.append(
                "\(options.decoderRanks) decoder ranks × \(threads) threads are more than the \(usable) processors of "
                    + "this host; use --threads \(max(1, usable / options.decoderRanks))"
            )
        }
        if usable < online {
            warnings.append(
                "this process may use \(usable) of \(online) processors: its binding passes on to the ranks; "
                    + "start it unbound, or pass --bind-to none to the mpirun that started it"
            )
        }
        return warnings
    }
}
