package import Diagnostics
internal import Foundation
internal import NIOCore
internal import NIOSSL

/// The files of a certificate and its key, in PEM form: `--tls-cert`, `--tls-key`.
package struct TLSFiles: Sendable, Equatable {
    /// The server's certificate, and behind it those between it and an authority.
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }

    /// Refuses files that cannot be served with.
    package func check() throws(UsageError) { _ = try TLSIdentity(self) }
}

/// What a server shows of itself to those who connect: a certificate, and that it has the key.
struct TLSIdentity: Sendable {
    let lines: NIOSSLContext
    /// The same, which names HTTP/1.1 where a client asks which protocols there are.
    let http: NIOSSLContext
    let end: Date

    /// - Parameter now: what a certificate's dates are compared with.
    /// - Throws: one sentence that names the file.
    init(_ files: TLSFiles, now: Date = Date()) throws(UsageError) {
        let chain = try Self.certificates(files.certificate)
        let key = try Self.key(files.key)
        let start = Date(timeIntervalSince1970: Double(chain[0].notValidBefore))
        end = Date(timeIntervalSince1970: Double(chain[0].notValidAfter))
        guard end > now else {
            throw UsageError(
                "the certificate in \(files.certificate) ended on \(Self.day(end))",
                hint: "renew it; a running server reads the files again when they change"
            )
        }
        guard start <= now else {
            throw UsageError(
                "the certificate in \(files.certificate) begins on \(Self.day(start))",
                hint: "is this machine's clock right?"
            )
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        // How long a closed connection waits for its client to close as well.
        configuration.shutdownTimeout = .seconds(1)
        lines = try Self.context(configuration, files)
        configuration.applicationProtocols = ["http/1.1"]
        http = try Self.context(configuration, files)
    }

    private static func context(
        _ configuration: TLSConfiguration,
        _ files: TLSFiles
    ) throws(UsageError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw UsageError(
                "the key in \(files.key) is not that of the certificate in \(files.certificate)",
                hint: "the server's own certificate must be the first of its file"
            )
        }
    }

    private static func certificates(_ file: String) throws(UsageError) -> [NIOSSLCertificate] {
        let bytes = try read(file, "certificate")
        guard let found = try? NIOSSLCertificate.fromPEMBytes(bytes), !found.isEmpty else {
            throw UsageError(
                "\(file) holds no certificate in PEM form",
                hint: "it begins with -----BEGIN CERTIFICATE-----"
            )
        }
        return found
    }

    private static func key(_ file: String) throws(UsageError) -> NIOSSLPrivateKey {
        let bytes = try read(file, "key")
        guard let key = try? NIOSSLPrivateKey(bytes: bytes, format: .pem) else {
            throw UsageError(
                "\(file) holds no private key in PEM form that can be read without a passphrase",
                hint: "it begins with -----BEGIN PRIVATE KEY-----"
            )
        }
        return key
    }

    private static func read(_ file: String, _ what: String) throws(UsageError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw UsageError("the \(what) file \(file) cannot be read")
        }
    }

    private static func day(_ date: Date) -> String {
        let day = Calendar(identifier: .iso8601).dateComponents(in: .gmt, from: date)
        return "\(day.year ?? 0)-"
            + [day.month, day.day].map { ($0 ?? 0) < 10 ? "0\($0 ?? 0)" : "\($0 ?? 0)" }.joined(separator: "-")
    }
}
