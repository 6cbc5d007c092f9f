import Foundation
import TestSupport
import Testing

@testable import GroupLink

@Suite("Waiting by a clock that nobody sets", .ownThread)
struct MonotonicConditionTests {
    @Test("a limit ends the wait, an element too")
    func queue() {
        let queue = EventQueue<Int>()
        let began = MonotonicClock.now
        #expect(queue.next(within: .milliseconds(30)) == nil)
        #expect(MonotonicClock.now - began >= .milliseconds(29))
        Thread { queue.push(7) }.start()
        #expect(queue.next(within: .seconds(200)) == 7)
        #expect(queue.next(within: .seconds(-1)) == nil)
    }

    @Test("nothing in the sources waits until a time of day")
    func sources() throws {
        let sources = Fixtures.root.appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: [String] = []
        for case let file as URL in files where ["swift", "c", "h"].contains(file.pathExtension) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in [
                "timeIntervalSinceNow", "NSCondition", "CLOCK_REALTIME", "gettimeofday", "DispatchWallTime", "Date.now",
            ]
            where text.contains(word) && !(word == "NSCondition" && !text.contains("wait(until:")) {
                found.append("\(file.lastPathComponent): \(word)")
            }
        }
        #expect(found == [])
    }
}
