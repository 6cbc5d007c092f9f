/// The head of a request, as it was parsed.
package struct RequestHead: Sendable, Equatable {
    package var method: String
    /// What stands behind the method.
    package var target: String
    /// Whether it is HTTP/1.0, which knows neither `Host` nor chunks.
    package var isOld = false
    /// Their names in lower case.
    package let fields: [HTTPField]

    package init(method: String, target: String, isOld: Bool = false, fields: [HTTPField]) {
        (self.method, self.target, self.isOld) = (method, target, isOld)
        self.fields = fields.map { HTTPField($0.name.lowercased(), $0.value) }
    }

    package func values(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    package func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The path without its query.
    package var path: String {
        let rest =
            authority == nil ? target[...] : target.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" && $0 != "?" }
        let path = rest.prefix { $0 != "?" && $0 != "#" }
        return path.isEmpty ? "/" : String(path)
    }

    /// The host that a target names that is a whole URL, as proxies send it.
    private var authority: String? {
        let lower = target.prefix(8).lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else { return nil }
        let rest = target.drop { $0 != ":" }.dropFirst(3)
        return String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
    }

    /// Whom the client thinks that it speaks to; a whole URL wins over the header.
    package var host: String? { authority ?? value("host") }

    /// Whether there may be a body behind it.
    package var hasBody: Bool { value("transfer-encoding") != nil || (contentLength ?? 0) > 0 }

    /// Bytes of the body, where that is told beforehand.
    package var contentLength: Int? { value("content-length").flatMap { Int($0) } }

    /// Whether the client waits for leave before it sends its body.
    package var waitsForLeave: Bool { !isOld && value("expect")?.lowercased() == "100-continue" }
}
