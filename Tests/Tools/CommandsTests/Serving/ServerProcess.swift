import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// A `flotilla serve` on a Unix socket of its own.
final class ServerProcess {
    let running: FlotillaProgram.Running
    let path: String

    /// Starts a server, and waits until it is ready.
    init(
        model: String = "demo",
        _ arguments: [String] = [],
        in directory: URL,
        environment: [String: String] = [:],
        script: String? = nil
    ) throws {
        path = directory.appendingPathComponent("socket-\(UInt32.random(in: 0 ... .max))").path
        let all =
            ["serve", "--model", model, "--unix", path, "--threads", "1", "--mpirun-args=--oversubscribe"] + arguments
        running = try FlotillaProgram.start(all, in: directory, environment: environment, script: script)
        try waitUntil(.ready, .degraded)
    }

    /// A server that was started elsewhere.
    init(_ running: FlotillaProgram.Running, path: String) {
        self.running = running
        self.path = path
    }

    deinit { kill(running.process.processIdentifier, SIGKILL) }

    struct NotReady: Error, CustomStringConvertible {
        let description: String
    }

    func waitUntil(_ states: GroupState...) throws {
        var isThere = false
        _ = Poll.until {
            guard running.process.isRunning else { return true }
            guard let client = RawClient(path: path), case .greeting(let greeting)? = try? client.event() else {
                return false
            }
            isThere = states.contains(greeting.state)
            return isThere
        }
        if !isThere { throw NotReady(description: "the server was not ready: " + errors) }
    }

    /// The port of the first address that the server has told behind `prefix`.
    func port(after prefix: String) throws -> Int {
        let line = errors.split(separator: "\n").first { $0.hasPrefix("listening on \(prefix)") }
        return try #require(line.flatMap { Int($0.split(separator: ":").last ?? "") })
    }

    var errors: String { (try? String(contentsOf: running.errors, encoding: .utf8)) ?? "" }

    /// A new connection, its greeting read.
    func connect() throws -> RawClient {
        let client = try #require(RawClient(path: path))
        _ = try client.event()
        return client
    }

    /// Sends one request over a connection of its own.
    func ask(_ json: String, pictures: [[UInt8]] = []) throws -> RawClient.Answer {
        let client = try connect()
        for (index, picture) in pictures.enumerated() {
            client.send("BLOB r \(index) \(picture.count)")
            client.send(picture + [10])
        }
        client.send("GENERATE r \(json)")
        return try client.answer("r")
    }

    /// A member of STATS.
    func stats() throws -> [String: Any] {
        let client = try connect()
        client.send("STATS s")
        guard case .ok(_, let json) = try client.event() else { return [:] }
        return try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:]
    }

    /// World rank → pid.
    func ranks() throws -> [Int: Int32] {
        let rows = try stats()["ranks"] as? [[String: Any]] ?? []
        return Dictionary(
            uniqueKeysWithValues: rows.compactMap { row in
                guard let rank = row["rank"] as? Int, let pid = row["pid"] as? Int else { return nil }
                return (rank, Int32(pid))
            }
        )
    }

    /// Signals the server, and waits for its end.
    func end(by signal: Int32 = SIGTERM) -> FlotillaProgram.Outcome {
        kill(running.process.processIdentifier, signal)
        return running.wait()
    }
}
