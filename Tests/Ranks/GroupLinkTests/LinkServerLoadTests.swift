import Foundation
import Requests
import TestSupport
import Testing

@testable import GroupLink

/// The front's end of the link, when much comes at one moment; ranks are bare connections.
@Suite("A link server under load", .ownThread)
struct LinkServerLoadTests {
    private struct Unexpected: Error {}

    /// A watchdog, and no promise: the machine may be busy with other things.
    private static let long = Duration.seconds(100)

    private static func options(worldSize: Int) -> LinkServer.Options {
        var options = LinkServer.Options(worldSize: worldSize)
        options.handshakeLimit = long
        options.silenceLimit = long
        return options
    }

    /// Dials and says hello.
    private static func dial(_ server: LinkServer, _ secret: LinkSecret, rank: Int, of count: Int) throws -> Socket {
        let hello = LinkReport.hello(RankHello(rank: rank, worldSize: count, role: .vision))
        let chunks = [Preamble.bytes(secret)] + MessageCoding.frame(hello, attachment: Data()).chunks()
        let bytes = chunks.flatMap { $0 }
        let socket = try Socket.dial(server.addresses, within: long)
        #expect(send(socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        return socket
    }

    /// The pictures that a rank is given, up to a command and with it.
    private static func read(_ socket: Socket, until last: LinkCommand) throws -> [LinkCommand] {
        var (decoder, commands) = (FrameDecoder(limits: LinkLimits()), [LinkCommand]())
        let deadline = MonotonicClock.now + long
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while commands.last != last {
            var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, (deadline - MonotonicClock.now).pollMilliseconds) > 0 else { break }
            let count = recv(socket.descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            try decoder.feed(Data(buffer.prefix(count))) { frame in
                guard let command = try? MessageCoding.decode(LinkCommand.self, from: frame).message else { return }
                if case .encode = command { commands.append(command) }
                if command == last { commands.append(last) }
            }
        }
        return commands
    }

    @Test("Pictures that the process in front holds anyway may wait for a slow rank, and what is copied only so much")
    func waitingBytes() throws {
        let (events, secret) = (EventQueue<LinkEvent>(), try LinkSecret.random())
        var options = Self.options(worldSize: 1)
        options.limits.outboxBytes = 1 << 20
        let server = try LinkServer(options, secret: secret) { events.push($0) }
        defer { server.close() }
        let slow = try Self.dial(server, secret, rank: 0, of: 1)
        guard case .joined? = events.next(within: Self.long) else { throw Unexpected() }
        // More than sockets take in, which nobody reads at first.
        let picture = [UInt8](repeating: 7, count: 16 << 20)
        for number in 0..<4 { server.send(.encode(ImageJob(number: Int32(number))), bytes: picture, toAll: [0]) }
        server.send(.cancel(id: "last"), to: 0)
        #expect(try Self.read(slow, until: .cancel(id: "last")).count == 5)
        // Nobody reads any more.
        server.send(.encode(ImageJob(number: 9)), attachment: Data(picture), to: 0)
        guard case .closed(rank: 0, .lost)? = events.next(within: Self.long) else { throw Unexpected() }
    }

    @Test("All ranks of a large group may dial at one moment, and none is turned away")
    func allAtOnce() throws {
        let count = 40
        let (events, gate) = (EventQueue<LinkEvent>(), DispatchSemaphore(value: 0))
        let secret = try LinkSecret.random()
        let server = try LinkServer(Self.options(worldSize: count), secret: secret) { event in
            events.push(event)
            // The server's thread has no time while the others come.
            if case .joined(let hello) = event, hello.rank == 0 { gate.wait() }
        }
        defer { server.close() }
        var sockets = [try Self.dial(server, secret, rank: 0, of: count)]
        guard case .joined? = events.next(within: Self.long) else { throw Unexpected() }
        for rank in 1..<count { sockets.append(try Self.dial(server, secret, rank: rank, of: count)) }
        gate.signal()
        var joined: Set<Int> = [0]
        for _ in 1..<count {
            guard case .joined(let hello)? = events.next(within: Self.long) else { throw Unexpected() }
            joined.insert(hello.rank)
        }
        #expect(joined == Set(0..<count) && sockets.count == count)
    }
}
