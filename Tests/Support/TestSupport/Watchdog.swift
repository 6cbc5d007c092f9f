import Foundation

/// How long a test waits for something that must come: a watchdog against hanging for ever, never a measurement.
///
/// Machines that run tests are slow, busy, or both; a limit that a busy machine exceeds tells nothing about the program.
package enum Watchdog {
    package static let seconds: Double = 600
}

package enum Poll {
    /// Whether `condition` came true before the watchdog's time was over; blocks the calling thread.
    package static func until(_ condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(Watchdog.seconds)
        while ContinuousClock.now < deadline {
            if condition() { return true }
            usleep(20_000)
        }
        return condition()
    }
}
