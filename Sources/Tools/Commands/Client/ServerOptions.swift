import ArgumentParser
import Diagnostics
import Foundation
import ServerClient

/// The options of a client that say where the server is.
struct ServerOptions: ParsableArguments {
    @Option(
        help: "The server, HOST:PORT or the path of its Unix socket; by default FLOTILLA_SERVER, or 127.0.0.1:7070."
    )
    var server: String?

    @Option(help: "A file whose first word is the token to show.")
    var tokenFile: String?

    @Flag(help: "Speak TLS, and trust whom the system trusts.")
    var tls = false

    @Option(help: "Speak TLS, and trust the certificates of this PEM file; a self-signed one is its own.")
    var tlsCa: String?

    func address() throws -> ServerAddress {
        let text = server ?? ProcessInfo.processInfo.environment["FLOTILLA_SERVER"] ?? "127.0.0.1:7070"
        guard let address = ServerAddress(text) else {
            throw UsageError("--server is \(text), expected HOST:PORT or a path with a slash")
        }
        return address
    }

    func token() throws -> String? {
        guard let tokenFile else { return nil }
        guard let text = try? String(contentsOfFile: tokenFile, encoding: .utf8),
            let word = text.split(whereSeparator: \.isWhitespace).first
        else { throw UsageError("the token file \(tokenFile) cannot be read, or holds no token") }
        return String(word)
    }

    var trust: ServerConnection.Trust? { tlsCa.map { .file($0) } ?? (tls ? .system : nil) }

    func connect() async throws -> ServerConnection {
        try await ServerConnection.connect(to: try address(), token: try token(), trust: trust)
    }
}

/// Runs an asynchronous command to its end from the main thread.
enum AsyncCommand {
    static func run(_ body: @escaping @Sendable () async throws -> Void) throws {
        let outcome = Outcome()
        let done = DispatchSemaphore(value: 0)
        Task {
            do { try await body() } catch { outcome.error = error }
            done.signal()
        }
        done.wait()
        if let error = outcome.error { throw error }
    }

    // Safe because the semaphore orders the one write before the one read.
    private final class Outcome: @unchecked Sendable { var error: (any Error)? }
}
