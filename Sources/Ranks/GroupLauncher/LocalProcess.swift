import CProcess
import Foundation
import GroupLink
internal import Requests

/// A rank's process on this machine, held by a descriptor, so that killing it can never hit another one.
final class LocalProcess {
    private let descriptor: Int32

    /// `nil` if the rank runs on another machine, or has ended.
    init?(_ hello: RankHello) {
        guard hello.machine == Machine.identity else { return nil }
        descriptor = cprocess_open_pid(hello.pid)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    func kill() { _ = cprocess_signal_pid(descriptor, SIGKILL) }

    /// Whether it has ended by `deadline`.
    func hasEnded(by deadline: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, (deadline - MonotonicClock.now).pollMilliseconds) > 0
    }
}
