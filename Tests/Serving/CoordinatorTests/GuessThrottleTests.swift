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

    /// Shows wrong tokens every five seconds, which is as often as they are looked at.
    static func guess(_ throttle: inout GuessThrottle, times: Int) {
        for number in 0..<times { _ = throttle.wait(peer, now: .seconds(5 * number)) }
    }

    @Test("Guesses that come together wait as long as those that come in turn")
    func together() {
        var throttle = GuessThrottle()
        let waits = (0..<9).map { _ in throttle.wait(Self.peer, now: .zero) }
        let pauses: [Duration?] = [.zero, .zero, .zero, .milliseconds(250), .milliseconds(750), .milliseconds(1750)]
        #expect(waits == pauses + [.milliseconds(3750), .milliseconds(7750), nil])
    }

    @Test("Who shows right tokens only never waits, and is not remembered")
    func right() {
        var throttle = GuessThrottle()
        for second in 0..<20 {
            let wait = throttle.wait(Self.peer, now: .seconds(second))
            #expect(wait == .zero)
            throttle.noteRight(Self.peer)
        }
        #expect(throttle.count == 0)
    }

    @Test("Guesses that come at once wait in a row; the row is bounded")
    func row() {
        var throttle = GuessThrottle()
        Self.guess(&throttle, times: 10)
        let waits = (0..<10).map { _ in throttle.wait(Self.peer, now: .seconds(49)) }
        #expect(waits == [.zero, .seconds(4), .seconds(8)] + [nil, nil, nil, nil, nil, nil, nil])
    }

    @Test("Others do not wait, and mistakes are forgotten")
    func others() {
        var throttle = GuessThrottle()
        Self.guess(&throttle, times: 20)
        let waits = [
            throttle.wait(.v4(2), now: .seconds(96)), throttle.wait(Self.peer, now: .seconds(96)),
            throttle.wait(Self.peer, now: .seconds(96 + 60 * 6)),
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
        Self.guess(&throttle, times: 20)
        for number in 2..<4500 { _ = throttle.wait(.v4(UInt32(number)), now: .seconds(96)) }
        #expect(throttle.count == GuessThrottle.Limits().addresses)
        let wait = throttle.wait(Self.peer, now: .seconds(96))
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
