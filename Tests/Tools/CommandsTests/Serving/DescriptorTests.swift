import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Few descriptors, and more clients than that.
@Suite("Descriptors", .serialized, .ownThread)
struct DescriptorTests {
    static let plain = #"{"prompt":"what is 3 plus 4?"}"#

    /// Processor time of a process so far, in clock ticks.
    static func ticks(_ pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let words = text.split(separator: ")").last?.split(separator: " ") ?? []
        return words.count > 13 ? (Int(words[11]) ?? 0) + (Int(words[12]) ?? 0) : 0
    }

    @Test("with 128 descriptors and a full HTTP port the line port answers, and nothing spins")
    func fullHTTP() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                ["--http", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
                in: directory,
                script: "ulimit -n 128; exec \"$0\" \"$@\""
            )
            let http = try server.port(after: "http://")
            let idle = (0..<200).compactMap { _ in RawClient(port: http) }
            #expect(idle.count > 100)
            let line = try server.port(after: "127.0.0.1:")
            let client = try #require(RawClient(port: line))
            guard case .greeting = try client.event() else { throw RawClient.Closed() }
            client.send("GENERATE r \(Self.plain)")
            #expect(try client.answer("r").end?.text == "3 + 4 = 7.")
            // A picture needs descriptors too, and so does a group that starts again.
            kill(try #require(try server.ranks()[0]), SIGKILL)
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            let before = (Self.ticks(server.running.process.processIdentifier), ContinuousClock.now)
            Thread.sleep(forTimeInterval: 2)
            let used = Self.ticks(server.running.process.processIdentifier) - before.0
            let all = (ContinuousClock.now - before.1) / .milliseconds(10)
            #expect(Double(used) < all / 2, "\(used) ticks of \(all): the front goes round")
            // Who says nothing for ten seconds is closed, and the port is there again.
            #expect(Poll.until { (try? MonitoringTests.get(server, "/health"))?.status == 200 })
            withExtendedLifetime(idle) {}
            #expect(server.end().status == 0)
        }
    }

    @Test("with 128 descriptors and a full line port HTTP and the operator's socket answer; who is too many is told")
    func fullLines() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(
                ["--http", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
                in: directory,
                script: "ulimit -n 128; exec \"$0\" \"$@\""
            )
            let port = try server.port(after: "127.0.0.1:")
            var served: [RawClient] = []
            var busy = 0
            while busy == 0, served.count < 128 {
                let client = try #require(RawClient(port: port))
                switch try client.event() {
                case .greeting: served.append(client)
                case .err(_, let error):
                    #expect(error.code == .busy && error.retriable)
                    busy += 1
                default: break
                }
            }
            #expect(busy == 1 && served.count > 8, "\(served.count) served")
            #expect(try MonitoringTests.get(server, "/health").status == 200)
            #expect(try server.ask(Self.plain).end?.text == "3 + 4 = 7.")
            served.removeFirst()
            let isThere = Poll.until {
                guard let client = RawClient(port: port), case .greeting? = try? client.event() else { return false }
                return true
            }
            #expect(isThere)
            #expect(server.end().status == 0)
        }
    }

    @Test("with too few to serve anybody, serve says so")
    func tooFew() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try FlotillaProgram.run(
                ["serve", "--model", "demo", "--unix", directory.appendingPathComponent("s").path],
                in: directory,
                script: "ulimit -n 40; exec \"$0\" \"$@\""
            )
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("at most 40 files and sockets may be open"))
        }
    }
}
