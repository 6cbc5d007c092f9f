import Foundation

/// An address of one of this host's network interfaces.
package struct NetworkInterface: Sendable, Equatable {
    /// As `ip address` and Open MPI have it, such as `eth0`.
    package let name: String
    /// In digits.
    package let address: String
    /// Leading bits that the addresses of the interface's network share.
    package let prefix: Int
    package let isLoopback: Bool

    package init(name: String, address: String, prefix: Int, isLoopback: Bool = false) {
        self.name = name
        self.address = address
        self.prefix = prefix
        self.isLoopback = isLoopback
    }

    /// Those of this host that are up, in the kernel's order; an interface with two addresses is there twice.
    package static var ofThisHost: [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [NetworkInterface] = []
        var next = list
        while let entry = next?.pointee {
            if let interface = NetworkInterface(entry) { found.append(interface) }
            next = entry.ifa_next
        }
        return found
    }

    /// `nil` for what is down or has no address of IPv4 or IPv6.
    private init?(_ entry: ifaddrs) {
        let flags = Int(entry.ifa_flags)
        guard flags & Int(IFF_UP) != 0, let address = entry.ifa_addr else { return nil }
        guard [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)), let host = Self.digits(address) else {
            return nil
        }
        let mask = Self.digits(entry.ifa_netmask).flatMap { IPAddress($0) }
        var prefix = 0
        for byte in mask?.bytes ?? [] { prefix += byte.nonzeroBitCount }
        self.init(
            name: String(cString: entry.ifa_name),
            address: host,
            prefix: prefix,
            isLoopback: flags & Int(IFF_LOOPBACK) != 0
        )
    }

    private static func digits(_ address: UnsafeMutablePointer<sockaddr>?) -> String? {
        guard let address else { return nil }
        let isFour = Int32(address.pointee.sa_family) == AF_INET
        let length = isFour ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return SocketAddress(copying: address, length: socklen_t(length))?.host
    }

    /// Whether an address lies in the interface's network, so that no router is on the way.
    package func reaches(_ other: String) -> Bool {
        guard let mine = IPAddress(address), let other = IPAddress(other) else { return false }
        return prefix > 0 && mine.sharedBits(with: other) >= prefix
    }

    /// The interface's network as `10.0.0.0/24`; `nil` for IPv6, and for a network of one address.
    package var network: String? {
        guard let bytes = IPAddress(address)?.bytes, bytes.count == 4, (1..<32).contains(prefix) else { return nil }
        let masked = bytes.enumerated().map { index, byte in
            byte & ~UInt8(truncatingIfNeeded: 0xFF >> min(max(prefix - 8 * index, 0), 8))
        }
        return masked.map(String.init).joined(separator: ".") + "/\(prefix)"
    }
}

/// An address of IPv4 or IPv6, from digits.
package struct IPAddress: Equatable {
    /// 4 or 16 bytes, the most significant first.
    package let bytes: [UInt8]

    /// `nil` if the text is a name; what follows a `%` does not matter.
    package init?(_ text: String) {
        let text = String(text.prefix { $0 != "%" })
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes.prefix(4))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            // An address of IPv4 in the clothes of IPv6, as a socket for both families has it.
            let isFour = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            self.bytes = isFour ? Array(bytes.suffix(4)) : bytes
        } else {
            return nil
        }
    }

    package var isLoopback: Bool { bytes.count == 4 ? bytes[0] == 127 : bytes == IPAddress("::1")?.bytes }

    /// Equal bits at the beginning; none between the families.
    func sharedBits(with other: IPAddress) -> Int {
        guard bytes.count == other.bytes.count else { return -1 }
        var bits = 0
        for (one, two) in zip(bytes, other.bytes) {
            guard one == two else { return bits + (one ^ two).leadingZeroBitCount }
            bits += 8
        }
        return bits
    }
}
