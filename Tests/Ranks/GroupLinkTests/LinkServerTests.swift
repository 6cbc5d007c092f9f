import Diagnostics
import Foundation
import Requests
import Synchronization
import TestSupport
import Testing

@testable import GroupLink

/// The two ends of the link in one process.
@Suite(.ownThread)
struct LinkServerTests {
    private final class Front: Sendable {
        let secret: LinkSecret
        let server: LinkServer
        let events: EventQueue<LinkEvent>

        init(_ change: (inout LinkServer.Options) -> Void = { _ in }) throws {
            var options = LinkServer.Options(worldSize: 2)
            options.handshakeLimit = LinkServerTests.long
            options.silenceLimit = LinkServerTests.long
            change(&options)
            let events = EventQueue<LinkEvent>()
            let secret = try LinkSecret.random()
            self.events = events
            self.secret = secret
            server = try LinkServer(options, secret: secret) { events.push($0) }
        }

        deinit { server.close() }

        func rank(
            _ rank: Int,
            worldSize: Int = 2,
            secret: LinkSecret? = nil,
            onLoss: @escaping @Sendable (String) -> Void = { _ in }
        ) throws -> RankLink {
            var options = RankLink.Options()
            options.dialLimit = LinkServerTests.long
            options.onLoss = onLoss
            let hello = RankHello(rank: rank, worldSize: worldSize, role: .decoder)
            return try .connect(to: server.addresses, secret: secret ?? self.secret, hello: hello, options: options)
        }

        func next() throws -> LinkEvent { try #require(events.next(within: LinkServerTests.long)) }

        func nextReport() throws -> (rank: Int, report: LinkReport, attachment: Data) {
            guard case .report(let rank, let report, let attachment) = try next() else { throw Unexpected() }
            return (rank, report, attachment)
        }
    }

    private struct Unexpected: Error {}

    /// A watchdog, and no promise: the machine may be busy with other things.
    fileprivate static let long = Duration.seconds(100)

    /// A bare connection, that sends `bytes`; a read of it then tells whether it was closed.
    private func stranger(_ front: Front, _ bytes: [UInt8]) throws -> Socket {
        let socket = try Socket.dial(front.server.addresses, within: Self.long)
        #expect(send(socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        return socket
    }

    private func isClosed(_ socket: Socket, within limit: Duration) -> Bool {
        let deadline = MonotonicClock.now + limit
        while MonotonicClock.now < deadline {
            var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, (deadline - MonotonicClock.now).pollMilliseconds) > 0 else { return false }
            var bytes = [UInt8](repeating: 0, count: 4096)
            if recv(socket.descriptor, &bytes, bytes.count, 0) <= 0 { return true }
        }
        return false
    }

    @Test("A group that has lost a rank lets no other in: it would die with it, instead of joining the next")
    func noneAfterALoss() throws {
        let front = try Front()
        let lost = try front.rank(0)
        guard case .joined = try front.next() else { throw Unexpected() }
        front.server.drop(rank: 0)
        guard case .closed(rank: 0, .lost) = try front.next() else { throw Unexpected() }
        #expect(throws: LinkError.self) { try Socket.dial(front.server.addresses, within: .milliseconds(200)) }
        // The next group listens at the same place.
        let next = try Front { $0.port = front.server.address.port }
        _ = try next.rank(0)
        guard case .joined = try next.next() else { throw Unexpected() }
        withExtendedLifetime(lost) {}
    }

    @Test("A second launch does not disturb a complete group")
    func latecomer() throws {
        let front = try Front()
        let links = [try front.rank(0), try front.rank(1)]
        for _ in 0..<2 { guard case .joined = try front.next() else { throw Unexpected() } }
        #expect(throws: LinkError.self) { try front.rank(1) }
        guard case .stranger = try front.next() else { throw Unexpected() }
        links[1].send(.log("still here"))
        #expect(try front.nextReport().rank == 1)
    }

    @Test func messagesAndBytesGoBothWays() throws {
        let front = try Front()
        let link = try front.rank(1)
        guard case .joined(let hello) = try front.next() else { throw Unexpected() }
        #expect(hello.rank == 1)
        #expect(hello.pid == getpid())
        #expect(hello.host == Machine.hostName)

        let thousand = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        var blob = Data()
        for _ in 0..<50_000 { blob.append(thousand) }
        front.server.send(.encode(ImageJob(number: 4)), attachment: blob, to: 1)
        let command = try #require(link.wait(upTo: Self.long))
        #expect(command.message == .encode(ImageJob(number: 4)))
        #expect(command.attachment == blob)
        front.server.send(.encode(ImageJob(number: 5)), bytes: Array(blob), toAll: [1])
        let second = try #require(link.wait(upTo: Self.long))
        #expect(second.message == .encode(ImageJob(number: 5)))
        #expect(second.attachment == blob)

        link.send(.log("first"))
        link.send(.trace(TraceTensor(id: "r", name: "t", shape: [2])), attachment: command.attachment)
        #expect(try front.nextReport().report == .log("first"))
        #expect(try front.nextReport().attachment == blob)
        link.close()
        guard case .closed(1, .goodbye) = try front.next() else { throw Unexpected() }
    }

    @Test func aThousandMessagesKeepTheirOrder() throws {
        let front = try Front()
        let link = try front.rank(0)
        _ = try front.next()
        for number in 0..<1000 { link.send(.imagesWanted([Int32(number)])) }
        for number in 0..<1000 { #expect(try front.nextReport().report == .imagesWanted([Int32(number)])) }
        for number in 0..<1000 { front.server.send(.cancel(id: "\(number)"), to: 0) }
        for number in 0..<1000 { #expect(link.wait(upTo: Self.long)?.message == .cancel(id: "\(number)")) }
        #expect(link.poll() == nil)
        link.close()
    }

    @Test func aWrongSecretIsRefusedAndTheRankIsTold() throws {
        let front = try Front()
        let error = #expect(throws: LinkError.self) { _ = try front.rank(0, secret: .random()) }
        #expect(error == .refused("its secret is wrong"))
        guard case .stranger = try front.next() else { throw Unexpected() }
    }

    @Test func anotherWorldAndATakenRankAreRefused() throws {
        let front = try Front()
        let link = try front.rank(0)
        #expect(throws: LinkError.refused("it sees 1 ranks where 2 were asked for")) {
            _ = try front.rank(0, worldSize: 1)
        }
        let error = #expect(throws: LinkError.self) { _ = try front.rank(0) }
        #expect(error?.description.contains("rank 0 is already here") == true)
        link.close()
    }

    @Test func theRankIsToldWhenTheFrontGoesAway() throws {
        let front = try Front()
        let lost = EventQueue<String>()
        let link = try front.rank(0) { lost.push($0) }
        front.server.close()
        #expect(lost.next(within: Self.long) != nil)
        withExtendedLifetime(link) {}
    }

    @Test func garbageAndSilenceHurtNobody() throws {
        let front = try Front {
            $0.handshakeLimit = .seconds(2)
            $0.strangerLimit = 4
        }
        let browser = try stranger(front, Array("GET / HTTP/1.1\r\n\r\n".utf8))
        #expect(isClosed(browser, within: Self.long))
        let silent = try stranger(front, [])
        let slow = try stranger(front, Array("FLOTILLA-LINK/1\nabc".utf8))
        let afterSecret = try stranger(front, Array(Preamble.bytes(front.secret)) + [0xFF, 0xFF, 0xFF, 0x7F, 1])
        #expect(isClosed(afterSecret, within: Self.long))
        let crowd = try (0..<20).map { _ in try stranger(front, [UInt8(ascii: "F")]) }
        let link = try front.rank(1)
        front.server.send(.cancel(id: "r"), to: 1)
        #expect(link.wait(upTo: Self.long)?.message == .cancel(id: "r"))
        for peer in [silent, slow] + crowd { #expect(isClosed(peer, within: Self.long)) }
        link.close()
    }

    @Test func anotherVersionOfTheLinkIsNamed() throws {
        let front = try Front()
        _ = try stranger(front, Array("FLOTILLA-LINK/2\n".utf8) + front.secret.digits)
        guard case .stranger(let note) = try front.next() else { throw Unexpected() }
        #expect(note.contains("another version"))
    }

    @Test func aPulseShowsTheMainLoopsTurns() throws {
        let front = try Front { $0.heartbeat = .milliseconds(50) }
        let link = try front.rank(0)
        (0..<5).forEach { _ in link.tick() }
        let deadline = MonotonicClock.now + Self.long
        while front.server.pulse(of: 0)?.ticks != 5, MonotonicClock.now < deadline { usleep(10_000) }
        let pulse = try #require(front.server.pulse(of: 0))
        #expect(pulse.ticks == 5)
        #expect(pulse.silence < Self.long)
        #expect(front.server.pulse(of: 1) == nil)
        link.close()
    }

    @Test func aRankThatNoLongerAnswersIsReportedOnce() throws {
        let front = try Front {
            $0.heartbeat = .milliseconds(50)
            $0.silenceLimit = .milliseconds(300)
        }
        let hello = MessageCoding.frame(
            LinkReport.hello(RankHello(rank: 0, worldSize: 2, role: .vision)),
            attachment: Data()
        )
        let mute = try stranger(front, Array(Preamble.bytes(front.secret)) + Array(hello.chunks()[0]))
        guard case .joined = try front.next(), case .silent(0, let duration) = try front.next() else {
            throw Unexpected()
        }
        #expect(duration >= .milliseconds(300))
        #expect(front.events.next(within: .milliseconds(300)) == nil)
        withExtendedLifetime(mute) {}
    }

    @Test func silenceIsNotFoundOutAtAHeartbeatOnly() throws {
        let front = try Front {
            $0.heartbeat = Self.long * 2
            $0.silenceLimit = .milliseconds(50)
        }
        let hello = MessageCoding.frame(
            LinkReport.hello(RankHello(rank: 0, worldSize: 2, role: .vision)),
            attachment: Data()
        )
        let mute = try stranger(front, Array(Preamble.bytes(front.secret)) + Array(hello.chunks()[0]))
        guard case .joined = try front.next(), case .silent(0, _) = try front.next() else { throw Unexpected() }
        withExtendedLifetime(mute) {}
    }

    @Test func aPortThatIsTakenIsNamed() throws {
        let front = try Front()
        let error = #expect(throws: LinkError.self) { _ = try Front { $0.port = front.server.address.port } }
        #expect(error?.exitCode == .addressInUse)
        #expect(error?.description.contains("\(front.server.address)") == true)
    }

    @Test func nobodyAtTheAddressIsAnErrorInTime() throws {
        let address = LinkAddress(
            host: "127.0.0.1",
            port: try #require(Socket.listening(host: "127.0.0.1", port: 0).localPort)
        )
        var options = RankLink.Options()
        options.dialLimit = .milliseconds(400)
        let hello = RankHello(rank: 0, worldSize: 1, role: .decoder)
        let error = #expect(throws: LinkError.self) {
            _ = try RankLink.connect(to: [address], secret: .random(), hello: hello, options: options)
        }
        #expect(error == .cannotReach("\(address)", ECONNREFUSED))
    }

    @Test("On IPv6, on a port of the kernel's choice, and on every address of both families")
    func bothFamilies() throws {
        let six = try Front { $0.hosts = ["::1"] }
        #expect("\(six.server.address)".hasPrefix("[::1]:"))
        let link = try six.rank(0)
        guard case .joined = try six.next() else { throw Unexpected() }
        link.close()
        for host in ["127.0.0.1", "::1"] {
            let all = try Front {
                $0.hosts = ["*"]
                $0.advertisedHosts = [host]
            }
            let link = try all.rank(1)
            guard case .joined = try all.next() else { throw Unexpected() }
            link.close()
        }
    }
}
