import CProcess
import Foundation

/// A TCP socket: closed when the last reference goes.
///
/// It never blocks, except while it dials.
final class Socket: Sendable {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    /// Listens on `host` (a name or an address; `*`: every address of this machine) and `port`, where 0 lets the kernel
    /// choose.
    static func listening(host: String, port: UInt16) throws(LinkError) -> Socket {
        var failure = EADDRNOTAVAIL
        // One socket on all addresses of IPv6 takes those of IPv4 too; a machine without IPv6 has the latter alone.
        var addresses: [SocketAddress] = []
        for name in host == "*" ? ["::", "0.0.0.0"] : [host] {
            addresses += try SocketAddress.resolve(host: name, port: port, passive: true)
        }
        for address in addresses {
            guard let socket = Socket(for: address) else { continue }
            socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
            if host == "*", address.family == AF_INET6 { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
            if address.withPointer({ bind(socket.descriptor, $0, $1) }) == 0, listen(socket.descriptor, 128) == 0 {
                socket.makeNonBlocking()
                return socket
            }
            failure = errno
        }
        throw .cannotListen("\(LinkAddress(host: host, port: port))", failure)
    }

    /// Connects to the first of `addresses` that answers, and tries again until `limit` is over.
    static func dial(_ addresses: [LinkAddress], within limit: Duration) throws(LinkError) -> Socket {
        let deadline = MonotonicClock.now + limit
        var failure = ETIMEDOUT
        repeat {
            for candidate in try candidates(addresses) {
                guard let socket = Socket(for: candidate) else { continue }
                failure = socket.connect(to: candidate, until: deadline)
                if failure == 0 {
                    socket.keepLinkHonest()
                    return socket
                }
            }
            usleep(50_000)
        } while MonotonicClock.now < deadline
        throw .cannotReach(addresses.map(\.description).joined(separator: ", "), failure)
    }

    /// What the names stand for; a name that is unknown here is no harm while another is known.
    private static func candidates(_ addresses: [LinkAddress]) throws(LinkError) -> [SocketAddress] {
        var found: [SocketAddress] = []
        var failure: LinkError?
        for address in addresses {
            do throws(LinkError) {
                found += try SocketAddress.resolve(host: address.host, port: address.port)
            } catch {
                failure = failure ?? error
            }
        }
        if found.isEmpty, let failure { throw failure }
        return found
    }

    /// The next peer that connects, or `nil`.
    func accept() -> Socket? {
        let peer = cprocess_accept(descriptor)
        guard peer >= 0 else { return nil }
        let socket = Socket(descriptor: peer)
        socket.keepLinkHonest()
        return socket
    }

    /// The address, in digits, of this end, and of the other.
    var localHost: String? { SocketAddress.local(of: descriptor)?.host }
    var peerHost: String? { SocketAddress.peer(of: descriptor)?.host }

    /// The port that the kernel chose.
    var localPort: UInt16? { SocketAddress.local(of: descriptor)?.port }

    private convenience init?(for address: SocketAddress) {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.init(descriptor: descriptor)
    }

    /// 0, or `errno`.
    private func connect(to address: SocketAddress, until deadline: Duration) -> Int32 {
        makeNonBlocking()
        if address.withPointer({ Glibc.connect(descriptor, $0, $1) }) == 0 { return 0 }
        guard errno == EINPROGRESS || errno == EINTR else { return errno }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // A host that swallows the first packet must not eat the whole time limit.
        guard poll(&waiting, 1, min(deadline - MonotonicClock.now, .seconds(3)).pollMilliseconds) > 0 else {
            return ETIMEDOUT
        }
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 else { return errno }
        return failure
    }

    private func makeNonBlocking() { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }

    /// Small messages leave at once, and a cut network ends the link within some 6 s (20 s with unsent bytes).
    private func keepLinkHonest() {
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 3)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 20_000)
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

/// Time since some fixed moment, which never goes back.
package enum MonotonicClock {
    package static var now: Duration { .milliseconds(cprocess_now_milliseconds()) }
}
