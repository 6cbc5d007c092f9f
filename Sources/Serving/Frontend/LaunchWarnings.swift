internal import Foundation
package import RankProgram

/// What about a group's shape would cripple it on this host.
package enum LaunchWarnings {
    /// - Parameter groups: how many such groups divide this host's processors.
    package static func of(
        _ options: RankOptions,
        groups: Int = 1,
        processors: Int? = nil,
        online: Int? = nil
    ) -> [String] {
        let usable = processors ?? Processors.available
        let own = max(1, usable / groups)
        let what = groups == 1 ? "of this host" : "that a group has of this host"
        let online = online ?? ProcessInfo.processInfo.processorCount
        let threads = options.threads ?? max(1, own / options.worldSize)
        var warnings: [String] = []
        if options.decoderRanks > own {
            warnings.append(
                "\(options.decoderRanks) decoder ranks share \(own) processors \(what): each step waits for "
                    + "ranks that do not run; spread them over more hosts, or use \(own) decoder ranks at most"
            )
        } else if options.decoderRanks * threads > own {
            warnings.append(
                "\(options.decoderRanks) decoder ranks × \(threads) threads are more than the \(own) processors "
                    + "\(what); use --threads \(max(1, own / options.decoderRanks))"
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

    /// What a format of fewer bytes changes.
    package static func ofWire(_ options: RankOptions) -> [String] {
        guard let name = options.roundingWire, options.decoderRanks > 1 else { return [] }
        return [
            "--wire-format \(name) rounds what hosts send each other: answers have other bits than those of one host or of "
                + "another division, and after a loss one may go on with other words; f32 is exact"
        ]
    }
}
