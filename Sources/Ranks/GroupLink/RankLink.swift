import Diagnostics
package import Foundation
package import Requests
import Synchronization

/// A rank's end of the link to the process in front.
///
/// A thread of its own sends, receives and answers pings, so that the main thread may compute. When the link ends
/// without ``LinkCommand/shutdown`` before it, that thread ends the process: no rank outlives its front process.
package final class RankLink: Sendable {
    package struct Options: Sendable {
        /// For dialling and for the welcome.
        package var dialLimit = Duration.seconds(15)
        /// How long a send may wait for room in a full outbox before the link counts as lost.
        package var sendLimit = Duration.seconds(30)
        /// After a shutdown, how long the process may take to exit once the link is gone.
        package var shutdownLimit = Duration.seconds(5)
        package var limits = LinkLimits()
        /// Called with the reason when the link is lost; it must not return to a rank that goes on.
        package var onLoss: @Sendable (String) -> Void = { _ in _exit(ExitCode.rankLost.rawValue) }

        package init() {}
    }

    private let options: Options
    private let commands = EventQueue<Received<LinkCommand>>()
    private let outbox = Outbox()
    private let wakePipe: WakePipe
    private let turns = Atomic<UInt64>(0)
    /// This end's address and that of the process in front, in digits.
    package let ownAddress: String
    package let frontAddress: String

    /// Dials, shows the secret, says hello and waits for the welcome.
    ///
    /// - Parameters:
    ///   - addresses: of the process in front, which are tried in turn.
    ///   - hello: without the address that the rank dials from.
    /// - Throws: ``LinkError/cannotReach(_:_:)``, ``LinkError/refused(_:)`` or another ``LinkError``.
    package static func connect(
        to addresses: [LinkAddress],
        secret: LinkSecret,
        hello: RankHello,
        options: Options = Options()
    ) throws(LinkError) -> RankLink {
        let deadline = MonotonicClock.now + options.dialLimit
        let socket = try Socket.dial(ReachableAddress.nearestFirst(addresses), within: options.dialLimit)
        var hello = hello
        hello.address = socket.localHost ?? ""
        let channel = LinkChannel(socket: socket, limits: options.limits)
        channel.enqueue([Preamble.bytes(secret)])
        channel.enqueue(MessageCoding.frame(LinkReport.hello(hello), attachment: Data()).chunks())
        let link = try RankLink(options, own: hello.address, front: socket.peerHost ?? "")
        try link.awaitWelcome(channel, until: deadline)
        // Safe because this thread does not touch the channel again.
        nonisolated(unsafe) let handedOver = channel
        let thread = Thread { link.run(handedOver) }
        thread.name = "rank-link"
        thread.start()
        return link
    }

    private init(_ options: Options, own: String, front: String) throws(LinkError) {
        self.options = options
        (ownAddress, frontAddress) = (own, front)
        wakePipe = try WakePipe()
    }

    /// Hands a report over to the link's thread.
    ///
    /// Waits only while the outbox is full; where that lasts too long, the link is lost.
    package func send(_ report: LinkReport, attachment: Data = Data()) {
        let isRoom =
            if case .step(let step) = report, step.isPlain, attachment.isEmpty {
                send(step)
            } else {
                outbox.append(
                    MessageCoding.frame(report, attachment: attachment).chunks(),
                    limit: options.limits.outboxBytes,
                    within: options.sendLimit
                )
            }
        guard isRoom else { return options.onLoss("the front process does not read") }
        wakePipe.wake()
    }

    /// What every step has to say goes out without a coder, and without an allocation.
    private func send(_ step: StepReport) -> Bool {
        outbox.append(limit: options.limits.outboxBytes, within: options.sendLimit) { bytes in
            Frame.append(to: &bytes) { step.append(to: &$0) }
        }
    }

    /// The next command, if one is there; never waits.
    package func poll() -> Received<LinkCommand>? { commands.poll() }

    /// The next command; sleeps until one comes or `limit` is over.
    package func wait(upTo limit: Duration) -> Received<LinkCommand>? { commands.next(within: limit) }

    /// Counts a turn of the main loop, which the process in front sees in pongs.
    package func tick() { turns.add(1, ordering: .relaxed) }

    /// Says goodbye, waits up to `limit` until everything is sent, and closes the link without ending the process.
    package func close(within limit: Duration = .seconds(5)) {
        let goodbye = MessageCoding.frame(LinkReport.goodbye, attachment: Data()).chunks()
        _ = outbox.append(goodbye, limit: .max, within: .zero)
        outbox.finish()
        wakePipe.wake()
        outbox.waitUntilSent(within: limit)
    }

    private func awaitWelcome(_ channel: LinkChannel, until deadline: Duration) throws(LinkError) {
        var welcome = false
        while !welcome {
            try channel.flush()
            var entry = pollfd(fd: channel.socket.descriptor, events: channel.events, revents: 0)
            guard Glibc.poll(&entry, 1, (deadline - MonotonicClock.now).pollMilliseconds) > 0 else {
                throw .refused("it did not answer in time")
            }
            guard entry.revents & ~Int16(POLLOUT) != 0 else { continue }
            try channel.receive { frame throws(LinkError) in
                let command = try MessageCoding.decode(LinkCommand.self, from: frame)
                switch command.message {
                case .welcome: welcome = true
                case .refused(let reason): throw .refused(reason)
                default: try hear(command, channel)
                }
            }
        }
    }

    private func hear(_ command: Received<LinkCommand>, _ channel: LinkChannel) throws(LinkError) {
        switch command.message {
        case .ping(let number):
            let pong = LinkReport.pong(number: number, ticks: turns.load(ordering: .relaxed))
            channel.enqueue(MessageCoding.frame(pong, attachment: Data()).chunks())
        case .shutdown:
            outbox.expectEnd()
            commands.push(command)
        default: commands.push(command)
        }
    }
}

extension RankLink {
    /// The link's thread: the only owner of the channel.
    private func run(_ channel: LinkChannel) {
        do throws(LinkError) {
            while true {
                let finished = outbox.move(into: channel)
                try channel.flush()
                outbox.noteWaiting(channel.waitingBytes)
                if finished, channel.waitingBytes == 0 { break }
                var entries = [
                    pollfd(fd: wakePipe.reading, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: channel.socket.descriptor, events: channel.events, revents: 0),
                ]
                guard Glibc.poll(&entries, 2, -1) > 0 else { continue }
                if entries[0].revents != 0 { wakePipe.drain() }
                guard entries[1].revents & ~Int16(POLLOUT) != 0 else { continue }
                try channel.receive { frame throws(LinkError) in
                    try hear(try MessageCoding.decode(LinkCommand.self, from: frame), channel)
                }
            }
            outbox.noteClosed()
        } catch {
            let expected = outbox.endIsExpected
            outbox.noteClosed()
            // Told to finish, the process still may not stay for ever.
            if expected { usleep(useconds_t(options.shutdownLimit.seconds * 1e6)) }
            if !outbox.isFinished { options.onLoss(LinkServerLoop.reason(error)) }
        }
    }
}
