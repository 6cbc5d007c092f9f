package import Foundation
package import Requests
import Synchronization

/// The process in front's end of all links of one group: lets ranks in, hears and tells them.
///
/// One thread does everything with the sockets; ``send(_:attachment:to:)`` only hands bytes over and never waits.
/// Somebody who connects without the secret costs one of a few seats for a few seconds, and nothing else.
package final class LinkServer: Sendable {
    package struct Options: Sendable {
        /// The names or addresses to listen on; where they are not what other hosts dial, see `advertisedHosts`.
        package var hosts = ["127.0.0.1"]
        /// 0 lets the kernel choose, for each host another.
        package var port: UInt16 = 0
        /// What ranks dial, of a server that listens on one host; `nil` is `hosts`.
        package var advertisedHosts: [String]?
        /// Ranks of other worlds are turned away.
        package var worldSize: Int
        /// For a peer to show the secret and introduce itself.
        package var handshakeLimit = Duration.seconds(5)
        /// Peers that have not yet introduced themselves, besides ranks that are still to come; one more turns the oldest away.
        package var strangerLimit = 16
        package var heartbeat = Duration.seconds(1)
        /// A longer silence is reported.
        package var silenceLimit = Duration.seconds(4)
        package var limits = LinkLimits()

        package init(worldSize: Int) { self.worldSize = worldSize }
    }

    /// Where ranks dial: one address after the other.
    package let addresses: [LinkAddress]
    package var address: LinkAddress { addresses[0] }
    let wakePipe: WakePipe
    let orders = Mutex<[Order]>([])
    let pulses = Mutex<[Int: Pulse]>([:])

    /// What other threads ask of the server's own.
    enum Order: Sendable {
        case send(rank: Int, [Chunk])
        case drop(rank: Int)
        case stop
    }

    /// When a rank was last heard of, and how often its main loop had turned by when.
    struct Pulse {
        var lastHeard: Duration
        var ticks: UInt64 = 0
        var ticked: Duration
    }

    /// Listens at once, and calls `onEvent` on the server's own thread, which it must not hold up.
    ///
    /// - Throws: ``LinkError/cannotListen(_:_:)``, ``LinkError/unknownHost(_:_:)`` or ``LinkError/system(_:_:)``.
    package init(
        _ options: Options,
        secret: LinkSecret,
        onEvent: @escaping @Sendable (LinkEvent) -> Void
    ) throws(LinkError) {
        var listeners: [Socket] = []
        var addresses: [LinkAddress] = []
        for host in options.hosts {
            let listener = try Socket.listening(host: host, port: options.port)
            guard let port = listener.localPort else { throw .system("ask for the port", errno) }
            listeners.append(listener)
            addresses += (options.advertisedHosts ?? [host]).map { LinkAddress(host: $0, port: port) }
        }
        self.addresses = addresses
        wakePipe = try WakePipe()
        let thread = Thread { [self, listeners] in
            LinkServerLoop(server: self, listeners: listeners, options: options, secret: secret, onEvent: onEvent).run()
        }
        thread.name = "link-server"
        thread.start()
    }

    /// Tells one rank; of no effect if its link has ended, which an event says.
    package func send(_ command: LinkCommand, attachment: Data = Data(), to rank: Int) {
        order(.send(rank: rank, MessageCoding.frame(command, attachment: attachment).chunks().map { .data($0) }))
    }

    /// Tells all `ranks`, with one copy of the bytes.
    package func send(_ command: LinkCommand, attachment: Data = Data(), toAll ranks: some Sequence<Int>) {
        let chunks = MessageCoding.frame(command, attachment: attachment).chunks()
        for rank in ranks { order(.send(rank: rank, chunks.map { .data($0) })) }
    }

    /// Tells all `ranks`, with the bytes themselves: none is copied.
    package func send(_ command: LinkCommand, bytes: [UInt8], toAll ranks: some Sequence<Int>) {
        let head = MessageCoding.frame(command, attachment: Data()).head(attachmentBytes: bytes.count)
        for rank in ranks { order(.send(rank: rank, [.data(head), .array(bytes)])) }
    }

    /// Breaks a rank's link off, which ends the rank.
    package func drop(rank: Int) { order(.drop(rank: rank)) }

    /// Breaks all links off and stops to listen; no event follows the ones under way.
    package func close() { order(.stop) }

    /// How a rank is; `nil` if it is not linked.
    package func pulse(of rank: Int) -> LinkPulse? {
        pulses.withLock { $0[rank] }.map { pulse in
            let now = MonotonicClock.now
            return LinkPulse(
                silence: now - pulse.lastHeard,
                ticks: pulse.ticks,
                sameTicksFor: now - pulse.ticked
            )
        }
    }

    private func order(_ order: Order) {
        orders.withLock { $0.append(order) }
        wakePipe.wake()
    }
}
