import Foundation
import Requests
import TestSupport
import Testing

/// What signals do to a server.
@Suite("Signals to a server", .serialized, .ownThread)
struct SignalTests {
    /// A request that takes a while, and that has begun.
    static func begin(_ server: ServerProcess) throws -> RawClient {
        let client = try server.connect()
        client.send(#"GENERATE r {"prompt":"what is 3 plus 4?","max_tokens":9}"#)
        _ = try client.event()
        return client
    }

    @Test("SIGHUP, however often, lets what runs be finished; SIGUSR2 means nothing")
    func hangUp() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory)
            let pid = server.running.process.processIdentifier
            for _ in 0..<3 { kill(pid, SIGUSR2) }
            #expect(try server.ask(#"{"prompt":"what is 3 plus 4?"}"#).end?.text == "3 + 4 = 7.")
            let client = try Self.begin(server)
            // A terminal that closes sends it twice.
            for _ in 0..<2 { kill(pid, SIGHUP) }
            #expect(try client.answer("r").end?.finish == "stop")
            let outcome = server.running.wait()
            #expect(outcome.status == 0 && !outcome.wasSignalled)
            #expect(outcome.errors.contains("draining"))
        }
    }

    @Test("under nohup a hang-up is nothing")
    func nohup() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory, script: "trap '' HUP; exec \"$0\" \"$@\"")
            kill(server.running.process.processIdentifier, SIGHUP)
            #expect(try server.ask(#"{"prompt":"what is 3 plus 4?"}"#).end?.text == "3 + 4 = 7.")
            #expect(server.end().status == 0)
        }
    }
}
