internal import Foundation
package import GroupLink
internal import Requests

/// Over which networks this rank speaks MPI.
package enum RankNetwork {
    /// Where the ranks dialled from, once all have said hello; `nil` if the work is over before.
    static func peers(_ link: RankLink) -> [String?]? {
        while true {
            switch link.wait(upTo: .seconds(60))?.message {
            case .formed(let addresses): return addresses
            case .shutdown: return nil
            default: continue
            }
        }
    }

    /// Tells Open MPI, which reads it in `MPI_Init`, unless the user already has.
    ///
    /// Other transports than TCP, InfiniBand's for example, are none of its business. Nor are ranks of one host, which
    /// share memory.
    static func choose(_ peers: [String?], _ link: RankLink) {
        let choice = choose(InterfaceChoice(peers: peers, front: link.frontAddress, own: link.ownAddress))
        if let choice { link.send(.log("MPI speaks over \(choice)")) }
    }

    /// The same where a choice is known; the interface, if Open MPI has been told.
    package static func choose(_ choice: InterfaceChoice) -> String? {
        let variables = ProcessInfo.processInfo.environment
        let files = InterfaceChoice.parameterFiles(variables).compactMap {
            try? String(contentsOfFile: $0, encoding: .utf8)
        }
        guard !InterfaceChoice.isMade(variables, files: files), let name = choice.name else { return nil }
        setenv("OMPI_MCA_\(InterfaceChoice.parameter)", name, 1)
        // By routes, Open MPI would say that a host behind another interface cannot be reached from this one's address.
        if choice.isSplit { setenv("OMPI_MCA_reachable", "weighted", 0) }
        return name
    }
}
