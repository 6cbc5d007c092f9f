import Foundation
internal import Requests
import Synchronization

/// The thread of a ``LinkServer``: the only owner of its sockets.
final class LinkServerLoop {
    let server: LinkServer
    let listeners: [Socket]
    let options: LinkServer.Options
    let secret: LinkSecret
    let onEvent: @Sendable (LinkEvent) -> Void
    var strangers: [Stranger] = []
    var members: [Int: Member] = [:]
    /// Whether ranks are let in: until the first of them has left, since a group that has lost a rank takes no other.
    private(set) var isAdmitting = true
    private var nextHeartbeat: Duration
    private var pingNumber: UInt64 = 0
    private var stopping = false

    init(
        server: LinkServer,
        listeners: [Socket],
        options: LinkServer.Options,
        secret: LinkSecret,
        onEvent: @escaping @Sendable (LinkEvent) -> Void
    ) {
        self.server = server
        self.listeners = listeners
        self.options = options
        self.secret = secret
        self.onEvent = onEvent
        nextHeartbeat = MonotonicClock.now + options.heartbeat
    }

    func run() {
        while !stopping {
            let slept = MonotonicClock.now
            let ready = waitForSockets()
            // This process was itself stopped (Ctrl-Z): what was silent was we.
            if MonotonicClock.now - slept > options.heartbeat + .seconds(1) {
                members.values.forEach { $0.channel.pardonSilence() }
            }
            if ready.contains(server.wakePipe.reading) { server.wakePipe.drain() }
            carryOutOrders()
            for listener in listeners where isAdmitting && ready.contains(listener.descriptor) {
                acceptPeers(of: listener)
            }
            for stranger in strangers where ready.contains(stranger.socket.descriptor) { hear(stranger) }
            for member in members.values { serve(member, readable: ready.contains(member.channel.socket.descriptor)) }
            turnAwayLateStrangers()
            beatHeart()
            noteSilence()
        }
    }

    /// The descriptors that can go on; waits until one can, it is time for a heartbeat, or a rank has been silent for too long.
    private func waitForSockets() -> Set<Int32> {
        var entries = [pollfd(fd: server.wakePipe.reading, events: Int16(POLLIN), revents: 0)]
        if isAdmitting {
            entries += listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        }
        entries += strangers.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
        entries += members.values.map {
            pollfd(fd: $0.channel.socket.descriptor, events: $0.channel.events, revents: 0)
        }
        let silences = members.values.filter { !$0.silenceReported }.map { $0.channel.lastHeard + options.silenceLimit }
        let next = silences.reduce(nextHeartbeat, min)
        let count = poll(&entries, nfds_t(entries.count), (next - MonotonicClock.now).pollMilliseconds)
        return count > 0 ? Set(entries.filter { $0.revents != 0 }.map(\.fd)) : []
    }

    private func carryOutOrders() {
        let orders = server.orders.withLock { orders in
            defer { orders = [] }
            return orders
        }
        for order in orders {
            switch order {
            case .send(let rank, let chunks): members[rank]?.channel.enqueue(chunks)
            case .drop(let rank):
                if let member = members[rank] { end(member, .lost("the process in front broke it off")) }
            case .stop: stopping = true
            }
        }
    }

    private func serve(_ member: Member, readable: Bool) {
        do throws(LinkError) {
            if readable { try member.channel.receive { frame throws(LinkError) in try hear(frame, from: member) } }
            try member.channel.flush()
            let (waiting, shared) = (member.channel.waitingBytes, member.channel.sharedBytes)
            guard waiting - shared <= options.limits.outboxBytes, shared <= options.limits.sharedBytes else {
                throw .closed("\(member.channel.waitingBytes) bytes wait for it to read")
            }
            server.pulses.withLock { $0[member.hello.rank]?.lastHeard = member.channel.lastHeard }
        } catch {
            end(member, member.saidGoodbye ? .goodbye : .lost(Self.reason(error)))
        }
    }

    private func hear(_ frame: Frame, from member: Member) throws(LinkError) {
        let report = try MessageCoding.decode(LinkReport.self, from: frame)
        let rank = member.hello.rank
        member.silenceReported = false
        switch report.message {
        case .hello: throw .badFrame("a second hello")
        case .goodbye: member.saidGoodbye = true
        case .pong(_, let ticks):
            server.pulses.withLock { pulses in
                guard pulses[rank]?.ticks != ticks else { return }
                pulses[rank]?.ticks = ticks
                pulses[rank]?.ticked = MonotonicClock.now
            }
        default: onEvent(.report(rank: rank, report.message, attachment: report.attachment))
        }
    }

    private func end(_ member: Member, _ end: LinkEnd) {
        let rank = member.hello.rank
        members[rank] = nil
        stopAdmitting()
        server.pulses.withLock { $0[rank] = nil }
        onEvent(.closed(rank: rank, end))
    }

    /// Ranks that are meant for the next group find nobody, and dial again until that listens.
    private func stopAdmitting() {
        guard isAdmitting else { return }
        isAdmitting = false
        for listener in listeners { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
    }

    private func beatHeart() {
        let now = MonotonicClock.now
        guard now >= nextHeartbeat else { return }
        nextHeartbeat = now + options.heartbeat
        pingNumber += 1
        let ping = MessageCoding.frame(LinkCommand.ping(number: pingNumber), attachment: Data()).chunks()
        for member in members.values {
            // A rank that does not read would only collect pings.
            if member.channel.waitingBytes == 0 { member.channel.enqueue(ping) }
            serve(member, readable: false)
        }
    }

    /// Reports who was silent for too long, as soon as that is so: at the next heartbeat it would be up to a second later.
    private func noteSilence() {
        let now = MonotonicClock.now
        for (rank, member) in members {
            let silence = now - member.channel.lastHeard
            guard silence >= options.silenceLimit, !member.silenceReported else { continue }
            member.silenceReported = true
            onEvent(.silent(rank: rank, for: silence))
        }
    }

    static func reason(_ error: LinkError) -> String {
        if case .closed(let reason) = error { reason } else { error.description }
    }
}

/// A rank that was let in.
final class Member {
    let hello: RankHello
    let channel: LinkChannel
    var saidGoodbye = false
    var silenceReported = false

    init(hello: RankHello, channel: LinkChannel) {
        self.hello = hello
        self.channel = channel
    }
}
