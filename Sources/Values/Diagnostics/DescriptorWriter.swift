internal import Foundation

/// Why a descriptor took no more.
package struct WriteError: Error, Equatable {
    /// The system's number for it; `ETIMEDOUT` where patience ended.
    package let code: Int32
    /// Bytes that were written before.
    package let written: Int
}

/// Writes whole texts to a descriptor of any kind: pipes, files, terminals, blocking or not.
package struct DescriptorWriter: Sendable {
    private let descriptor: Int32
    /// As much as a pipe that calls itself writable takes without blocking.
    private static let stretch = 4096

    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Writes all of `bytes`.
    ///
    /// - Parameter patience: how long a reader that does not read is waited for; `nil`: as long as it takes.
    package func write(_ bytes: [UInt8], patience: Duration?) throws(WriteError) {
        let deadline = patience.map { ContinuousClock.now + $0 }
        var written = 0
        while written < bytes.count {
            if let deadline { try waitUntilWritable(deadline, written) }
            let length = deadline == nil ? bytes.count - written : min(Self.stretch, bytes.count - written)
            let count = bytes[written..<written + length].withUnsafeBytes { piece in
                Foundation.write(descriptor, piece.baseAddress, piece.count)
            }
            if count > 0 { written += count }
            if count >= 0 { continue }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: try waitUntilWritable(deadline, written)
            case let code: throw WriteError(code: code, written: written)
            }
        }
    }

    /// Waits until a pipe is empty; what else the descriptor may be is not waited for.
    ///
    /// - Returns: `false` if something of it still lay there when patience ended, or its reader has gone.
    @discardableResult package func waitUntilRead(by deadline: ContinuousClock.Instant) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return true }
        var unread: Int32 = 0
        while ioctl(descriptor, UInt(FIONREAD), &unread) == 0, unread > 0 {
            if ContinuousClock.now >= deadline { return false }
            // That it is read is no event; that nobody is left to read is one.
            var entry = pollfd(fd: descriptor, events: 0, revents: 0)
            if poll(&entry, 1, 1) > 0 { return false }
        }
        return true
    }

    private func waitUntilWritable(_ deadline: ContinuousClock.Instant?, _ written: Int) throws(WriteError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let left = deadline.map { $0 - .now }
            if let left, left <= .zero { throw WriteError(code: ETIMEDOUT, written: written) }
            let milliseconds = left.map { Int32(min(max($0 / .milliseconds(1), 1), 60_000)) } ?? -1
            if poll(&entry, 1, milliseconds) > 0 { return }
        }
    }
}
