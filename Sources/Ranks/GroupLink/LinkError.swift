package import Diagnostics
import Foundation

/// What can go wrong on the link between the process in front and a rank.
package enum LinkError: OperatorError, Equatable {
    /// The variables that tell a rank where to dial are missing or malformed.
    case environment(String)
    /// A system call failed: what it was for, and `errno`.
    case system(String, Int32)
    /// The host's name has no address: the name, and what the resolver says.
    case unknownHost(String, String)
    /// The address to listen on is taken or not this machine's.
    case cannotListen(String, Int32)
    /// Nobody answered at the address within the time limit.
    case cannotReach(String, Int32)
    /// The process in front did not let the rank in, and why.
    case refused(String)
    /// The other side sent what is not a frame of this protocol.
    case badFrame(String)
    /// The other side closed the link, or the network did.
    case closed(String)

    package var description: String {
        switch self {
        case .environment(let problem): "this process cannot find its front process: \(problem)"
        case .system(let action, let code): "\(action): \(Self.text(code))"
        case .unknownHost(let host, let reason): "the host \"\(host)\" has no address: \(reason)"
        case .cannotListen(let address, let code): "cannot listen on \(address): \(Self.text(code))"
        case .cannotReach(let address, let code): "cannot reach the front process at \(address): \(Self.text(code))"
        case .refused(let reason): "the front process refused this rank: \(reason)"
        case .badFrame(let problem): "the link carries what is not this protocol: \(problem)"
        case .closed(let reason): "the link to the front process is closed: \(reason)"
        }
    }

    package var hint: String? {
        switch self {
        case .environment: "flotilla rank is started by mpirun; start a group with flotilla generate or flotilla serve"
        case .unknownHost: "every host of the group must resolve the name; an address of digits always works"
        case .cannotReach: "the port must be reachable from the host of every rank; look for a firewall"
        case .refused, .badFrame: "every host needs the same version of flotilla"
        case .system, .cannotListen, .closed: nil
        }
    }

    package var exitCode: ExitCode {
        switch self {
        case .environment: .usage
        case .cannotListen(_, let code) where code == EADDRINUSE: .addressInUse
        case .cannotListen, .cannotReach, .refused, .system, .unknownHost: .launchFailed
        case .badFrame, .closed: .rankLost
        }
    }

    static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
