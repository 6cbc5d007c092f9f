import CProcess
import Dispatch
import Foundation

/// Signals as ordinary calls on a thread of their own, where everything is allowed.
package enum SignalWatch {
    /// From now on, each of `signals` calls `onSignal` instead of acting; to be called once in a process.
    package static func start(_ signals: [Int32], onSignal: @escaping @Sendable (Int32) -> Void) {
        let descriptor = cprocess_signal_pipe()
        guard descriptor >= 0 else { return }
        let watching = DispatchSemaphore(value: 0)
        let thread = Thread {
            for signal in signals { _ = cprocess_watch_signal(signal) }
            watching.signal()
            var number: UInt8 = 0
            while true {
                let count = read(descriptor, &number, 1)
                if count == 1 { onSignal(Int32(number)) }
                if count == 0 || (count < 0 && errno != EINTR) { return }
            }
        }
        thread.name = "signals"
        thread.start()
        watching.wait()
    }

    /// Ends this process by `signal`, once it has cleaned up, so that a shell sees what it expects: 128 + `signal`.
    package static func endProcess(by signal: Int32) -> Never {
        cprocess_end_by_signal(signal)
        _exit(128 + signal)
    }

    /// Whether a signal is ignored: who started the process with nohup wants SIGHUP to stay so.
    package static func isIgnored(_ signal: Int32) -> Bool { cprocess_is_ignored(signal) }

    /// Makes writing to a closed pipe or socket an error instead of the end of the process.
    package static func ignoreBrokenPipes() { cprocess_ignore_broken_pipes() }
}
