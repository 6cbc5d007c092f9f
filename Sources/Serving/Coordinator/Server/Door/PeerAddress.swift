internal import Foundation
internal import NIOCore

/// Whom a peer counts as: an IPv4 address, or the /64 that an IPv6 host has to itself.
enum PeerAddress: Hashable, Sendable, CustomStringConvertible {
    case v4(UInt32)
    /// The upper half of an address.
    case v6(UInt64)

    /// `nil` for a Unix socket.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let found): self = .v4(UInt32(bigEndian: found.address.sin_addr.s_addr))
        case .v6(let found):
            var bytes = found.address.sin6_addr
            self = withUnsafeBytes(of: &bytes) { Self(v6: Array($0)) }
        case .unixDomainSocket, nil: return nil
        }
    }

    /// An IPv6 address of 16 bytes; one that stands for an IPv4 address is that address.
    init(v6 bytes: [UInt8]) {
        let number = { (part: ArraySlice<UInt8>) in part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self = isMapped ? .v4(UInt32(number(bytes[12...]))) : .v6(number(bytes[..<8]))
    }

    var description: String {
        switch self {
        case .v4(let number): (0..<4).map { String(number >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".")
        case .v6(let number):
            (0..<4).map { String(number >> (48 - 16 * $0) & 0xFFFF, radix: 16) }.joined(separator: ":") + "::/64"
        }
    }
}
