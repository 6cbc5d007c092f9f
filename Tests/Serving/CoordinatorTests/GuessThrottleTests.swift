import Testing

@testable import Coordinator

struct GuessThrottleTests {
    static let peer = PeerAddress.v4(1)

    /// Shows wrong tokens one after another as fast as they are looked at; how many in `seconds`.
    static func guesses(_ throttle: inout GuessThrottle, _ peer: PeerAddress, seconds: Int) -> Int {
        var now = Duration.zero
        var count = 0
        while now < .seconds(seconds) {
            guard let wait = throttle.wait(peer, now: now), now + wait < .seconds(seconds) else { return count }
            now += wait
            throttle.noteMistake(peer, now: now)
            count += 1
        }
        return count
    }

    @Test("Somebody who guesses gets a few at once, and then ever fewer")
    func slows() {
        var throttle = GuessThrottle()
        let first = Self.guesses(&throttle, Self.peer, seconds: 1)
        #expect(first == 5)
        throttle = GuessThrottle()
        let minute = Self.guesses(&throttle, Self.peer, seconds: 60)
        #expect((15...25).contains(minute))
    }

    @Test("Guesses that come at once wait in a row; the row is bounded")
    func row() {
        var throttle = GuessThrottle()
        for _ in 0..<10 { throttle.noteMistake(Self.peer, now: .zero) }
        let waits = (0..<10).map { _ in throttle.wait(Self.peer, now: .seconds(4)) }
        #expect(waits == [.zero, .seconds(4), .seconds(8)] + [nil, nil, nil, nil, nil, nil, nil])
    }

    @Test("Others do not wait, and mistakes are forgotten")
    func others() {
        var throttle = GuessThrottle()
        for _ in 0..<20 { throttle.noteMistake(Self.peer, now: .zero) }
        let waits = [
            throttle.wait(.v4(2), now: .zero), throttle.wait(Self.peer, now: .seconds(1)),
            throttle.wait(Self.peer, now: .seconds(60 * 6)),
        ]
        #expect(waits == [.zero, .seconds(3), .zero])
    }

    @Test("An address has so many connections without a token, and no more; each that leaves makes room")
    func connections() {
        var throttle = GuessThrottle()
        let limit = GuessThrottle.Limits().waiting
        var arrivals = (0...limit).map { _ in throttle.arrive(Self.peer, now: .zero) }
        #expect(arrivals == [Bool](repeating: true, count: limit) + [false])
        arrivals = [throttle.arrive(.v4(2), now: .zero)]
        throttle.leave(Self.peer)
        arrivals.append(throttle.arrive(Self.peer, now: .zero))
        #expect(arrivals == [true, true])
        for _ in 0..<limit + 5 { throttle.leave(Self.peer) }
        throttle.leave(.v4(2))
        #expect(throttle.count == 0, "who did nothing wrong is not remembered")
    }

    @Test("However many addresses come, so many are remembered, and the worst are")
    func memory() {
        var throttle = GuessThrottle()
        for _ in 0..<20 { throttle.noteMistake(Self.peer, now: .zero) }
        for number in 2..<4500 { throttle.noteMistake(.v4(UInt32(number)), now: .zero) }
        #expect(throttle.count == GuessThrottle.Limits().addresses)
        let wait = throttle.wait(Self.peer, now: .seconds(1))
        #expect(wait == .seconds(3))
    }

    @Test("An IPv6 host is its /64; an IPv4 address written as IPv6 is itself")
    func addresses() {
        let tail: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
        let head: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1]
        #expect(PeerAddress(v6: head + tail) == PeerAddress(v6: head + tail.reversed()))
        #expect(PeerAddress(v6: head + tail) != PeerAddress(v6: head.dropLast() + [2] + tail))
        #expect(PeerAddress(v6: head + tail).description == "2001:db8:0:1::/64")
        let mapped = PeerAddress(v6: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7])
        #expect(mapped == .v4(0xC000_0207))
        #expect(mapped.description == "192.0.2.7")
    }
}
