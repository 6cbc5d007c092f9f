internal import Diagnostics
internal import Foundation
internal import NIOCore

/// A host and a port, as `--listen` takes them.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name, or an address without brackets.
    package var host: String
    /// 0 lets the kernel choose.
    package var port: Int

    /// Reads `host:port`, `:port` or `[v6]:port`.
    package init?(_ text: String) {
        guard let parts = HostAndPort(text) else { return nil }
        // `::1` alone would be read as a host of `:` and port 1.
        let isRight = parts.isBracketed ? Self.isVersion6(parts.host) : !parts.host.contains { "/[]:".contains($0) }
        guard isRight else { return nil }
        host = parts.host.isEmpty ? "127.0.0.1" : parts.host
        port = Int(parts.port)
    }

    package var description: String { HostAndPort.text(host, port) }

    /// Whether it is an address of IPv6, with or without a scope behind `%`.
    private static func isVersion6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &address) == 1
    }

    /// The address that is listened on: a name's first.
    func resolved() throws(UsageError) -> SocketAddress {
        do {
            return try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw UsageError("nothing can listen on \(self): no address is known for \(host)")
        }
    }
}

extension SocketAddress {
    /// Whether only this machine can reach it.
    var isLoopback: Bool {
        switch self {
        case .unixDomainSocket: return true
        case .v4(let found): return UInt32(bigEndian: found.address.sin_addr.s_addr) >> 24 == 127
        case .v6(let found):
            var address = found.address.sin6_addr
            let bytes = withUnsafeBytes(of: &address) { Array($0) }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            if bytes.prefix(12) == mapped[...] { return bytes[12] == 127 }
            return bytes == [UInt8](repeating: 0, count: 15) + [1]
        }
    }
}
