internal import Diagnostics
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Writes the log on a thread of its own, for as long as the process lives.
///
/// Whoever logs waits for nobody, and nothing that happens to the log ends the process.
/// Lines wait in a queue that is bounded in lines and bytes. What does not fit, or cannot be written because a disk is full
/// or a pipe is closed, is dropped and counted, and the count is said as soon as something can be said again.
package final class LogWriter: Sendable {
    /// How much may wait to be written.
    package struct Limits: Sendable {
        package var lines = 16_384
        package var bytes = 4 << 20

        package init() {}
    }

    private struct State {
        var lines: [[UInt8]] = []
        var bytes = 0
        /// Lines that could not be written, and lines that found no place behind those that wait; not yet spoken of.
        var lost = 0
        var dropped = 0
        var isWriting = false
        /// Half a line was written when a disk became full: what follows begins on a line of its own.
        var isInLine = false
    }

    private struct Batch {
        let lines: [[UInt8]]
        let lost: Int
        let dropped: Int
        let isInLine: Bool
    }

    private let output: DescriptorWriter
    private let limits: Limits
    private let dropNote: @Sendable (Int) -> String
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - descriptor: where the log goes; it stays open.
    ///   - dropNote: the line, without its end, that says how many lines were dropped.
    package init(descriptor: Int32, limits: Limits = Limits(), dropNote: @escaping @Sendable (Int) -> String) {
        output = DescriptorWriter(descriptor)
        self.limits = limits
        self.dropNote = dropNote
        let thread = Thread { [self] in
            while true {
                wake.wait()
                drain()
            }
        }
        thread.name = "log"
        thread.start()
    }

    /// Takes a line without its end; never waits.
    package func write(_ line: String) {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        let isFirst = state.withLock { state in
            guard state.lines.count < limits.lines, state.bytes + bytes.count <= limits.bytes else {
                state.dropped += 1
                return false
            }
            state.lines.append(bytes)
            state.bytes += bytes.count
            return state.lines.count == 1 && !state.isWriting
        }
        if isFirst { wake.signal() }
    }

    /// Waits until everything has been written, but no longer than `limit`: nobody may be reading.
    package func flush(within limit: Duration) {
        let deadline = ContinuousClock.now + limit
        while state.withLock({ !$0.lines.isEmpty || $0.isWriting }), ContinuousClock.now < deadline { usleep(1000) }
    }

    // MARK: - On the thread

    private func drain() {
        while let batch = takeBatch() {
            let start = (batch.isInLine ? [UInt8(ascii: "\n")] : []) + note(batch.lost)
            do throws(WriteError) {
                try output.write(start + Array(batch.lines.joined()) + note(batch.dropped), patience: nil)
                state.withLock { $0.isInLine = false }
            } catch {
                let (lost, isInLine) = Self.loss(of: batch.lines, written: error.written - start.count)
                state.withLock { state in
                    state.lost += batch.lost + batch.dropped + lost
                    if error.written > 0 { state.isInLine = isInLine }
                }
            }
        }
    }

    private func note(_ count: Int) -> [UInt8] { count > 0 ? Array((dropNote(count) + "\n").utf8) : [] }

    /// How many lines were not written to their end, and whether the last byte that was written is inside a line.
    private static func loss(of lines: [[UInt8]], written: Int) -> (lost: Int, isInLine: Bool) {
        guard written >= 0 else { return (lines.count, true) }
        var left = written
        var whole = 0
        while whole < lines.count, left >= lines[whole].count {
            left -= lines[whole].count
            whole += 1
        }
        return (lines.count - whole, left > 0)
    }

    /// Everything that waits, and the number of lines that found no place behind it; `nil` when nothing does.
    private func takeBatch() -> Batch? {
        state.withLock { state in
            guard !state.lines.isEmpty else {
                state.isWriting = false
                return nil
            }
            defer {
                state.lines = []
                state.bytes = 0
                state.lost = 0
                state.dropped = 0
                state.isWriting = true
            }
            return Batch(lines: state.lines, lost: state.lost, dropped: state.dropped, isInLine: state.isInLine)
        }
    }
}
