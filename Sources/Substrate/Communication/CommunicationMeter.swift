/// What a communicator's calls have cost: the time in them, waiting for slower ranks included, and the bytes sent.
package final class CommunicationMeter {
    package private(set) var time = Duration.zero
    package private(set) var sentBytes = 0

    package init() {}

    /// Counts a call that sends so many bytes to other ranks.
    func measure<E: Error>(sending bytes: Int, _ call: () throws(E) -> Void) throws(E) {
        let began = ContinuousClock.now
        defer {
            time += ContinuousClock.now - began
            sentBytes += bytes
        }
        try call()
    }
}
