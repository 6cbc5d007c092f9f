internal import Diagnostics

/// Where a server listens: `host:port`, or the path of a Unix socket.
package enum ServerAddress: Sendable, Equatable, CustomStringConvertible {
    case host(String, port: Int)
    case unix(String)

    /// Text with a slash is a path; anything else must end in `:port`.
    package init?(_ text: String) {
        if text.contains("/") {
            self = .unix(text)
            return
        }
        // `::1` alone is no host and port.
        guard let parts = HostAndPort(text), parts.port > 0, parts.isBracketed || !parts.host.contains(":") else {
            return nil
        }
        self = .host(parts.host.isEmpty ? "127.0.0.1" : parts.host, port: Int(parts.port))
    }

    package var description: String {
        switch self {
        case .host(let host, let port): HostAndPort.text(host, port)
        case .unix(let path): path
        }
    }
}
