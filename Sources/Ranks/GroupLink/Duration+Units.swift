extension Duration {
    /// The same as a number of seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

    /// The same as whole milliseconds, as `poll` wants them: rounded up, never below 0.
    package var pollMilliseconds: Int32 { Int32(clamping: Int((max(seconds, 0) * 1000).rounded(.up))) }
}
