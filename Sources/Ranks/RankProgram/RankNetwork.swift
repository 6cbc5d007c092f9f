internal import Foundation
internal import GroupLink
internal import Requests

/// Over which networks this rank speaks MPI.
enum RankNetwork {
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
        let variables = ProcessInfo.processInfo.environment
        let files = InterfaceChoice.parameterFiles(variables).compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        guard !InterfaceChoice.isMade(variables, files: files) else { return }
        let choice = InterfaceChoice(peers: peers, front: link.frontAddress, own: link.ownAddress)
        guard !choice.names.isEmpty else { return }
        let names = choice.names.joined(separator: ",")
        setenv("OMPI_MCA_\(InterfaceChoice.parameter)", names, 1)
        link.send(.log("MPI speaks over \(names)"))
    }
}
