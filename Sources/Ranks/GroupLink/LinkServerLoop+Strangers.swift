import Foundation
internal import Requests
import Synchronization

/// A peer that has connected, and not yet shown the secret and introduced itself.
final class Stranger {
    let socket: Socket
    let deadline: Duration
    /// The bytes of the preamble that have arrived.
    var shown: [UInt8] = []
    /// Once the secret was right.
    var channel: LinkChannel?

    init(socket: Socket, deadline: Duration) {
        self.socket = socket
        self.deadline = deadline
    }
}

extension LinkServerLoop {
    func acceptPeers(of listener: Socket) {
        // All ranks may dial at one moment: those that are still to come have a seat each.
        let seats = options.strangerLimit + options.worldSize - members.count
        while let socket = listener.accept() {
            if strangers.count >= seats {
                let oldest = strangers.first { $0.channel == nil } ?? strangers[0]
                turnAway(oldest, "too many peers that do not introduce themselves")
            }
            strangers.append(Stranger(socket: socket, deadline: MonotonicClock.now + options.handshakeLimit))
        }
    }

    func turnAwayLateStrangers() {
        let now = MonotonicClock.now
        for stranger in strangers where stranger.deadline <= now { turnAway(stranger, "it did not introduce itself") }
    }

    func hear(_ stranger: Stranger) {
        do throws(LinkError) {
            guard stranger.channel != nil else { return try hearPreamble(of: stranger) }
            try hearHello(of: stranger)
        } catch {
            turnAway(stranger, Self.reason(error))
        }
    }

    private func hearPreamble(of stranger: Stranger) throws(LinkError) {
        var bytes = [UInt8](repeating: 0, count: Preamble.byteCount - stranger.shown.count)
        let count = recv(stranger.socket.descriptor, &bytes, bytes.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { throw .closed("it went away") }
        stranger.shown += bytes.prefix(count)
        switch Preamble.judge(stranger.shown, secret) {
        case .incomplete: return
        case .admitted: stranger.channel = LinkChannel(socket: stranger.socket, limits: .handshake)
        case .otherVersion: try refuse(stranger.socket, "it speaks another version of the link")
        case .wrongSecret: try refuse(stranger.socket, "its secret is wrong")
        case .stranger: throw .badFrame("it does not speak this protocol")
        }
    }

    private func hearHello(of stranger: Stranger) throws(LinkError) {
        guard let channel = stranger.channel else { return }
        var hello: RankHello?
        try channel.receive { frame throws(LinkError) in
            guard hello == nil, case .hello(let found) = try MessageCoding.decode(LinkReport.self, from: frame).message
            else { throw .badFrame("something else than a hello") }
            hello = found
        }
        guard let hello else { return }
        guard isAdmitting else { return try refuse(stranger.socket, "the group has lost a rank, and ends") }
        if let problem = misfit(hello) {
            // A second launch by mistake is no harm to a group that is complete.
            if members.count < options.worldSize { onEvent(.misfit(hello, reason: problem)) }
            try refuse(stranger.socket, problem)
        }
        channel.raise(options.limits)
        strangers.removeAll { $0 === stranger }
        members[hello.rank] = Member(hello: hello, channel: channel)
        let now = MonotonicClock.now
        server.pulses.withLock { $0[hello.rank] = .init(lastHeard: now, ticked: now) }
        channel.enqueue(MessageCoding.frame(LinkCommand.welcome(version: hello.version), attachment: Data()).chunks())
        onEvent(.joined(hello))
    }

    /// Why a rank with the right secret cannot be let in all the same.
    private func misfit(_ hello: RankHello) -> String? {
        guard hello.worldSize == options.worldSize else {
            return "it sees \(hello.worldSize) ranks where \(options.worldSize) were asked for"
        }
        guard (0..<options.worldSize).contains(hello.rank) else { return "there is no rank \(hello.rank)" }
        return members[hello.rank].map { "rank \(hello.rank) is already here, \($0.hello.label)" }
    }

    /// Says why, as far as the socket takes it at once, and throws it.
    private func refuse(_ socket: Socket, _ reason: String) throws(LinkError) {
        let channel = LinkChannel(socket: socket, limits: .handshake)
        channel.enqueue(MessageCoding.frame(LinkCommand.refused(reason: reason), attachment: Data()).chunks())
        try channel.flush()
        // Unread bytes would turn the close into a reset, which discards the answer on its way.
        shutdown(socket.descriptor, Int32(SHUT_WR))
        throw .closed(reason)
    }

    private func turnAway(_ stranger: Stranger, _ reason: String) {
        strangers.removeAll { $0 === stranger }
        onEvent(.stranger("turned a peer away: \(reason)"))
    }
}
