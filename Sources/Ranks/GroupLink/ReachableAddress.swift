import Foundation

/// Which of this machine's addresses another host can dial.
package enum ReachableAddress {
    /// The address that only this machine can dial: that of IPv4, or of IPv6 where there is no other.
    package static var loopback: String {
        let all = ["127.0.0.1", "::1"]
        return all.first { (try? Socket.listening(host: $0, port: 0)) != nil } ?? all[0]
    }

    /// This machine's address on the way to `host`, in digits; nothing is sent.
    ///
    /// - Throws: ``LinkError/unknownHost(_:_:)`` or ``LinkError/cannotReach(_:_:)``.
    package static func towards(_ host: String) throws(LinkError) -> String {
        var failure = EHOSTUNREACH
        for address in try SocketAddress.resolve(host: host, port: 9) {
            let descriptor = socket(address.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // Connecting a datagram socket only asks the routing table.
            if address.withPointer({ connect(descriptor, $0, $1) }) == 0,
                let host = SocketAddress.local(of: descriptor)?.host
            {
                // An address of one cable alone (`fe80::1%eth0`) means nothing on the other host.
                if !host.contains("%") { return host }
                failure = EADDRNOTAVAIL
                continue
            }
            failure = errno
        }
        throw .cannotReach(host, failure)
    }
}
