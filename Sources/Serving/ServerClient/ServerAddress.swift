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
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            // `::1` alone is no host and port.
            return nil
        }
        self = .host(host.isEmpty ? "127.0.0.1" : host, port: port)
    }

    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}
