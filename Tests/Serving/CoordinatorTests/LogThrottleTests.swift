import Testing

@testable import Coordinator

struct LogThrottleTests {
    @Test("The first lines of a kind are said, the rest is counted, and the count is said at the end of the span")
    func counts() {
        var throttle = LogThrottle<String>(lines: 3, span: .seconds(10))
        var said = 0
        var ends: [Duration] = []
        for number in 0..<6000 {
            switch throttle.judge("peer", now: .milliseconds(number)) {
            case .say: said += 1
            case .hold(let end): if let end { ends.append(end) }
            }
        }
        #expect(said == 3)
        #expect(ends == [.seconds(10)], "the summary is asked for once")
        let summary = throttle.summary("peer")
        #expect(summary == 5997)
        let next = throttle.judge("peer", now: .seconds(10))
        #expect(next == .say)
        let nothing = throttle.summary("peer")
        #expect(nothing == 0)
    }

    @Test("Kinds do not take each other's lines; a quiet kind is always said")
    func kinds() {
        var throttle = LogThrottle<String>(lines: 1, span: .seconds(10))
        let verdicts = [
            throttle.judge("a", now: .zero), throttle.judge("b", now: .zero), throttle.judge("a", now: .seconds(1)),
        ]
        #expect(verdicts == [.say, .say, .hold(spanEnd: .seconds(10))])
        let quiet = (1..<10).map { throttle.judge("b", now: .seconds(60 * $0)) }
        #expect(quiet.allSatisfy { $0 == .say })
    }

    @Test("A summary that comes late has everything since")
    func late() {
        var throttle = LogThrottle<String>(lines: 1, span: .seconds(10))
        for second in 0..<25 { _ = throttle.judge("a", now: .seconds(second)) }
        let summary = throttle.summary("a")
        #expect(summary == 24)
    }
}
