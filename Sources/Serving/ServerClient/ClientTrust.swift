internal import Foundation
internal import NIOCore
internal import NIOSSL

/// How a client makes sure that it speaks with the server that it means.
enum ClientTrust {
    /// - Parameter authorities: a PEM file of certificates to trust in place of the system's; a self-signed one is its own.
    /// - Throws: ``ClientError``.
    static func context(authorities: String?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities {
            guard let found = try? NIOSSLCertificate.fromPEMFile(authorities), !found.isEmpty else {
                throw ClientError.badAuthorities(authorities)
            }
            configuration.trustRoots = .certificates(found)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClientError.badAuthorities(authorities ?? "the system's")
        }
    }

    /// A name is checked as a name, an address as an address.
    static func handler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    /// What is wrong with the other side, for a person.
    static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLError:
            switch error {
            case .handshakeFailed(let cause):
                let text = "\(cause)"
                if text.contains("WRONG_VERSION_NUMBER") { return "what answers there does not speak TLS" }
                if text.contains("CERTIFICATE_VERIFY_FAILED") {
                    return "its certificate is not trusted (unknown issuer, another name, or out of date)"
                }
                let names = text.matches(of: /OPENSSL_internal:([A-Z0-9_]+)/).map { String($0.output.1) }
                return "the TLS handshake failed: \(names.isEmpty ? text : names.joined(separator: ", "))"
            case .uncleanShutdown: return nil
            default: return "\(error)"
            }
        case is NIOSSLExtraError: return "its certificate is for another name"
        case let error as BoringSSLError: return "TLS: \(error)"
        default: return nil
        }
    }
}
