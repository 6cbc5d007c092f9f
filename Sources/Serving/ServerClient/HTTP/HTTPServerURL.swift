internal import Diagnostics
internal import Foundation

/// Where an OpenAI-compatible server is: `http://host:port`, with or without a path before `/v1`.
package struct HTTPServerURL: Sendable, Equatable, CustomStringConvertible {
    package let host: String
    package let port: Int
    package let isSecure: Bool
    /// What stands before `/v1`, without a last slash.
    package let prefix: String

    /// Reads `http://host[:port][/prefix][/v1]`, `https://…` or `host:port`.
    package init?(_ text: String) {
        let whole = text.contains("://") ? text : "http://" + text
        guard let parts = URLComponents(string: whole), ["http", "https"].contains(parts.scheme ?? ""),
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.query == nil
        else { return nil }
        isSecure = parts.scheme == "https"
        self.host = host.trimmingCharacters(in: ["[", "]"])
        port = parts.port ?? (isSecure ? 443 : 80)
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        prefix = path.hasSuffix("/v1") ? String(path.dropLast(3)) : path
    }

    /// The path of an endpoint such as `/v1/models`.
    package func path(_ endpoint: String) -> String { prefix + endpoint }

    /// Host and port as `Host:` has them.
    package var authority: String { HostAndPort.text(host, port) }

    package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(prefix)" }
}
