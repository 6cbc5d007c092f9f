import Foundation

/// Which of this machine's addresses another host can dial.
package enum ReachableAddress {
    /// The address that only this machine can dial: that of IPv4, or of IPv6 where there is no other.
    package static var loopback: String {
        let all = ["127.0.0.1", "::1"]
        return all.first { (try? Socket.listening(host: $0, port: 0)) != nil } ?? all[0]
    }

    /// Whether an address in digits, or every address of a name, is this machine's own.
    package static func isHere(_ host: String, _ interfaces: [NetworkInterface] = NetworkInterface.ofThisHost) -> Bool {
        guard let addresses = try? SocketAddress.resolve(host: host, port: 9).compactMap(\.host).map(IPAddress.init),
            !addresses.isEmpty
        else { return false }
        return addresses.allSatisfy { address in
            address?.isLoopback == true || interfaces.contains { IPAddress($0.address) == address }
        }
    }

    /// The addresses of a name, in digits; none if it is unknown.
    package static func addresses(of host: String) -> [String] {
        ((try? SocketAddress.resolve(host: host, port: 9)) ?? []).compactMap(\.host)
    }

    /// Whether everything that a name stands for is this machine's loopback, as Debian has it for a machine's own name.
    package static func isLoopback(_ host: String) -> Bool {
        isHere(host, [])
    }

    /// The addresses, those first to which no router is on the way: a far host may have the address of a near one.
    static func nearestFirst(
        _ addresses: [LinkAddress],
        _ interfaces: [NetworkInterface] = NetworkInterface.ofThisHost
    ) -> [LinkAddress] {
        let near = addresses.map { address in interfaces.contains { $0.reaches(address.host) } }
        return zip(addresses, near).filter(\.1).map(\.0) + zip(addresses, near).filter { !$0.1 }.map(\.0)
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
