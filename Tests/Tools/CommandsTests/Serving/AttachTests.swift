import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// A server whose ranks something else starts.
@Suite("Attached ranks", .serialized, .ownThread)
struct AttachTests {
    /// A port that nobody listens on.
    static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(descriptor, pointer, size)
                _ = getsockname(descriptor, pointer, &size)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Runs a command again and again, as a supervisor would, until it is ended.
    final class Supervisor: @unchecked Sendable {
        // Safe because the process under way is only touched under the lock.
        private let lock = NSLock()
        private var process: ChildProcess?
        private var isOver = false

        init(_ command: String, in directory: URL) {
            Thread.detachNewThread { [self] in
                while let process = start(command, directory) { process.waitUntilExit() }
            }
        }

        private func start(_ command: String, _ directory: URL) -> ChildProcess? {
            lock.lock()
            defer { lock.unlock() }
            guard !isOver else { return nil }
            let words = ["-c", "exec env " + command]
            let next = try? ChildProcess("/bin/sh", words, in: directory, deathSignal: SIGTERM)
            process = next
            return next
        }

        func end() {
            lock.lock()
            defer { lock.unlock() }
            isOver = true
            process?.terminate()
        }
    }

    @Test("the server waits for ranks, serves, and goes on when they were lost and come again")
    func attached() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let model = Fixtures.url("mini-bf16").path
            let socket = directory.appendingPathComponent("socket").path
            let secret = String(repeating: "5a", count: 32)
            let running = try FlotillaProgram.start(
                [
                    "serve", "--model", model, "--unix", socket, "--attach", "--link", "127.0.0.1:\(Self.freePort())",
                    "--decoder-ranks", "2", "--threads", "1", "--context", "16384",
                ],
                in: directory,
                environment: ["FLOTILLA_SECRET": secret]
            )
            defer { kill(running.process.processIdentifier, SIGKILL) }
            var hint = ""
            #expect(
                Poll.until {
                    let text = (try? String(contentsOf: running.errors, encoding: .utf8)) ?? ""
                    hint = text.split(separator: "\n").last { $0.contains("mpirun") }.map(String.init) ?? ""
                    return !hint.isEmpty
                }
            )
            let early = try #require(RawClient(path: socket))
            guard case .greeting(let greeting) = try early.event() else { throw RawClient.Closed() }
            #expect(greeting.state == .loading)
            early.send(#"GENERATE r {"prompt":"a story"}"#)
            #expect(try HostileClientTests.code(early) == .loading)
            let command = hint.trimmingCharacters(in: .whitespaces).replacing("(as given)", with: secret)
                .replacing("mpirun ", with: "mpirun --oversubscribe --bind-to none ")
            #expect(!hint.contains(secret), "a secret that the operator gave is not printed")
            let supervisor = Supervisor(command, in: directory)
            defer { supervisor.end() }
            let server = ServerProcess(running, path: socket)
            try server.waitUntil(.ready)
            let interruption = try Interruption(server)
            let found = try interruption.answers { kill(try #require(try server.ranks()[1]), SIGKILL) }
            #expect(found.map(\.ids) == interruption.expected.map(\.ids))
            #expect(found.allSatisfy { $0.end?.replays == 1 })
            #expect(server.end().status == 0)
        }
    }
}
