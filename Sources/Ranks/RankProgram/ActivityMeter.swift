internal import Communication
internal import Foundation
internal import GroupLink
internal import Requests

/// Adds up what a rank does, and tells the process in front: at most once a second, and only after work.
final class ActivityMeter {
    private var activity = RankActivity()
    private var busy = Duration.zero
    private let started = ContinuousClock.now
    private var lastSent: ContinuousClock.Instant?
    private var hasNews = false

    /// A step or a tile is done.
    func noteStep(_ duration: Duration) {
        activity.steps += 1
        note(duration)
    }

    /// A job ended because its logits are not numbers.
    func noteFailure() {
        activity.failures += 1
        hasNews = true
    }

    func noteTile(_ duration: Duration, sentBytes: Int) {
        activity.tiles += 1
        activity.sentBytes += sentBytes
        note(duration)
    }

    private func note(_ duration: Duration) {
        busy += duration
        hasNews = true
    }

    /// To be called on every turn of the main loop.
    ///
    /// - Parameter meter: of the communicator in which the steps' collectives run; `nil` on a vision rank.
    func report(to endpoint: any RankEndpoint, _ meter: CommunicationMeter?) {
        guard hasNews else { return }
        let now = ContinuousClock.now
        if let lastSent, now - lastSent < .seconds(1) { return }
        lastSent = now
        hasNews = false
        let communication = meter?.time ?? .zero
        activity.communicationMilliseconds = communication.milliseconds
        activity.computeMilliseconds = max(0, (busy - communication).milliseconds)
        activity.waitMilliseconds = max(0, (now - started - busy).milliseconds)
        var report = activity
        report.sentBytes += meter?.sentBytes ?? 0
        report.residentBytes = Self.residentBytes
        endpoint.send(.activity(report))
    }

    /// Bytes of this process that are in memory, from the kernel's count of pages.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
