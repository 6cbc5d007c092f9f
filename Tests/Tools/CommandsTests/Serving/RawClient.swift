import Foundation
import Requests
import TestSupport
import WireProtocol

/// A client that sends exactly the bytes it is told to.
final class RawClient: @unchecked Sendable {
    // Safe because one thread reads and one writes, and a socket allows that.
    struct Closed: Error {}
    struct TimedOut: Error {}

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var wasReset = false

    /// Connects to a Unix socket; `nil` while nobody listens there.
    convenience init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        self.init(AF_UNIX, address)
    }

    /// Connects to a port of this machine.
    convenience init?(port: Int) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        self.init(AF_INET, address)
    }

    /// A port on which nobody listened a moment ago.
    static func freePort() -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, size) == 0, getsockname(descriptor, generic, &size) == 0 else {
                    return nil
                }
                return Int(UInt16(bigEndian: pointer.pointee.sin_port))
            }
        }
    }

    private init?<Address>(_ family: Int32, _ address: Address) {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        // The descriptor is closed by `deinit`, which runs here too: closed twice, it would be somebody else's.
        guard status == 0 else { return nil }
    }

    deinit { if !wasReset { close(descriptor) } }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            sent += count
        }
    }

    func send(_ line: String) { send(Array(line.utf8) + [10]) }

    /// Sends nothing more, and goes on reading.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line without its end; throws `Closed` at the end of the connection.
    func line(within seconds: Double = Watchdog.seconds) throws -> String {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            try receive(until: deadline)
        }
    }

    /// The next bytes, so many; throws `Closed` at the end of the connection.
    func bytes(_ count: Int, within seconds: Double = Watchdog.seconds) throws -> [UInt8] {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while buffer.count < count { try receive(until: deadline) }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    private func receive(until deadline: Date) throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let left = deadline.timeIntervalSinceNow
        guard left > 0, poll(&entry, 1, Int32(left * 1000) + 1) > 0 else { throw TimedOut() }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { throw Closed() }
        buffer += bytes[..<count]
    }

    /// Whether nothing more can be sent at the moment: the other side does not read.
    var isStuck: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 200) == 0
    }

    /// Reads and forgets what comes, for a moment or until the end of the connection.
    func drain() { while (try? bytes(max(1, buffer.count), within: 0.02)) != nil {} }

    /// Ends the connection with a reset, as proxies do.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        shutdownAndClose()
    }

    private func shutdownAndClose() {
        wasReset = true
        close(descriptor)
    }

    func event(within seconds: Double = Watchdog.seconds) throws -> ServerEvent {
        try ServerEvent(parsing: try line(within: seconds))
    }

    /// Whether the server closes the connection in time.
    func isClosed(within seconds: Double = Watchdog.seconds) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while Date() < deadline {
            do { _ = try line(within: deadline.timeIntervalSinceNow) } catch { return error is Closed }
        }
        return false
    }

    /// What became of a request: its pieces as they came, and its last event.
    struct Answer {
        var text = ""
        var ids: [Int32] = []
        var end: End?
        var error: RequestError?
    }

    /// Reads until the END or ERR of a request; other requests' events are passed over.
    func answer(
        _ id: String,
        within seconds: Double = Watchdog.seconds,
        onEvent: (ServerEvent) -> Void = { _ in }
    ) throws -> Answer {
        var answer = Answer()
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            let event = try event(within: deadline.timeIntervalSinceNow)
            onEvent(event)
            guard event.id?.description == id else { continue }
            switch event {
            case .text(_, let piece), .think(_, let piece):
                answer.text += piece.text
                answer.ids += piece.ids
            case .end(_, let end):
                answer.end = end
                return answer
            case .err(_, let error):
                answer.error = error
                return answer
            default: break
            }
        }
    }
}
