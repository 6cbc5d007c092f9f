import NIOCore
import Testing

@testable import Coordinator

struct ReaderWatchTests {
    @Test("Who takes nothing is stalled since then, though more is written; who takes a little now and then is not")
    func stalls() {
        let start = NIODeadline.now()
        var watch = ReaderWatch()
        func stalled(written: Int, pending: Int, at seconds: Int64) -> Int64 {
            watch.written += written
            return watch.stalled(pending: pending, now: start + .seconds(seconds)).nanoseconds / 1_000_000_000
        }
        #expect(stalled(written: 100, pending: 0, at: 0) == 0)
        #expect(stalled(written: 100, pending: 60, at: 1) == 0, "some was taken")
        #expect(stalled(written: 0, pending: 60, at: 2) == 0)
        // Chunks have frames, which wait too.
        #expect(stalled(written: 100, pending: 168, at: 5) == 3)
        #expect(stalled(written: 100, pending: 276, at: 9) == 7)
        #expect(stalled(written: 0, pending: 100, at: 10) == 0, "it was only slow")
        #expect(stalled(written: 0, pending: 100, at: 11) == 0)
        #expect(stalled(written: 0, pending: 100, at: 21) == 10)
        #expect(stalled(written: 0, pending: 0, at: 22) == 0)
    }
}
