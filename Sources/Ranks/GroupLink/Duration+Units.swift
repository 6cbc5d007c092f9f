internal import Requests

extension Duration {
    /// The same as whole milliseconds, as `poll` wants them: rounded up, never below 0.
    package var pollMilliseconds: Int32 { Int32(clamping: Int((max(seconds, 0) * 1000).rounded(.up))) }
}
