internal import Diagnostics

/// Where the process in front listens for its ranks: `host:port`, or `[IPv6 address]:port`.
package struct LinkAddress: Sendable, Equatable, CustomStringConvertible {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Parses `host:port`; `nil` if there is no host or no port in 1...65535.
    ///
    /// - Parameter listening: whether it is to listen on, where port 0 lets the kernel choose.
    package init?(_ text: String, listening: Bool = false) {
        guard let parts = HostAndPort(text), parts.port > 0 || listening, !parts.host.isEmpty,
            !parts.host.contains("[")
        else { return nil }
        self.init(host: parts.host, port: parts.port)
    }

    package var description: String { HostAndPort.text(host, port) }
}
