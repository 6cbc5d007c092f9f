internal import Glibc

/// Waiting for work: spins briefly, then naps for longer and longer, up to a millisecond, and after a second or so
/// without any work up to three.
///
/// Open MPI spins in its blocking calls, so a rank without work polls through this instead: it is quick while
/// steps follow each other, and costs next to nothing of a core when none do.
package struct IdleWait {
    private var polls = 0

    /// Polls that only give way to others before the first nap; some 100 µs.
    private static let eagerPolls = 200
    private static let shortestNapMicroseconds = 50.0
    private static let longestNapMicroseconds = 1000.0
    /// Polls after which nobody is thought to be in a hurry.
    private static let patientPolls = 1200
    private static let patientNapMicroseconds = 3000.0

    package init() {}

    /// There was work: the next wait begins eagerly again.
    package mutating func reset() { polls = 0 }

    /// Called after a poll that found nothing.
    package mutating func pause() {
        polls += 1
        guard polls > Self.eagerPolls else {
            sched_yield()
            return
        }
        let growth = Double(polls - Self.eagerPolls) * 0.25
        let longest = polls > Self.patientPolls ? Self.patientNapMicroseconds : Self.longestNapMicroseconds
        usleep(useconds_t(min(longest, Self.shortestNapMicroseconds * (1 + growth))))
    }
}
