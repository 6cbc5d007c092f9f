package import Diagnostics
package import Requests
internal import WireProtocol

/// A client could not do what it was asked to.
package enum ClientError: OperatorError, Equatable {
    /// Nothing answers at the address.
    case unreachable(String, reason: String)
    /// What answers does not speak FLOTILLA/1.
    case notAServer(String, found: String)
    /// The connection ended before the answer did.
    case connectionLost(String)
    /// What answers cannot be trusted, or speaks no TLS.
    case insecure(String, reason: String)
    /// The file of certificates to trust holds none.
    case badAuthorities(String)
    /// What answers over HTTP does not let us in.
    case http(String, String)
    /// The server said `ERR`.
    case refused(RequestError)

    package var description: String {
        switch self {
        case .unreachable(let address, let reason): "no server answers at \(address): \(reason)"
        case .notAServer(let address, ""): "\(address) ended the connection without a word"
        case .notAServer(let address, let found): "\(address) does not speak FLOTILLA/1: it said \"\(found)\""
        case .insecure(let address, let reason): "no secure connection to \(address): \(reason)"
        case .badAuthorities(let file): "\(file) holds no certificate in PEM form that could be trusted"
        case .http(let address, let reason): "\(address) refused to answer: \(reason)"
        case .connectionLost(let address): "the connection to \(address) ended before the answer did"
        case .refused(let error): "the server said \(error.code.rawValue): \(error.message)"
        }
    }

    package var hint: String? {
        switch self {
        case .unreachable: "start one with flotilla serve, or name another with --server HOST:PORT or a socket's path"
        case .notAServer(_, ""): "if it speaks TLS, give --tls, or --tls-ca with the certificate to trust"
        case .insecure: "trust its certificate, or the one that signed it, with --tls-ca FILE"
        case .http: "give a token with --token-file"
        case .notAServer, .connectionLost, .badAuthorities: nil
        case .refused(let error) where error.retriable:
            error.retryAfterMilliseconds.map { "try again in \(max(1, $0 / 1000)) s" } ?? "try again later"
        case .refused(let error): error.code == .auth ? "give a token with --token-file" : nil
        }
    }

    package var exitCode: ExitCode {
        switch self {
        case .unreachable, .notAServer, .insecure: .launchFailed
        case .badAuthorities, .http: .usage
        case .connectionLost: .rankLost
        case .refused(let error): error.code == .rankLost ? .rankLost : error.blame == .client ? .usage : .launchFailed
        }
    }
}
