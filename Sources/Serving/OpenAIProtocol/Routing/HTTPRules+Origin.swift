/// Names of hosts, and sites whose pages ask.
extension HTTPRules {
    func checkHost(_ head: RequestHead) throws(APIError) {
        guard checksHost else { return }
        let host = head.host ?? ""
        guard let name = Self.hostName(host), isOurs(name) else {
            let what = "this server is not called \"\(host.prefix(80))\""
            let hint = "without tokens it answers to localhost, to addresses of this machine, and to --http-host NAME"
            throw APIError(403, "permission_error", "host_not_allowed", "\(what); \(hint)")
        }
    }

    /// The name in `name:port`, `address:port` or `[address]:port`.
    private static func hostName(_ host: String) -> String? {
        let lower = host.lowercased()
        if lower.hasPrefix("[") {
            guard let end = lower.firstIndex(of: "]"), isPort(lower[lower.index(after: end)...]) else { return nil }
            return String(lower[lower.index(after: lower.startIndex)..<end])
        }
        let name = lower.prefix { $0 != ":" }
        guard !name.isEmpty, isPort(lower[name.endIndex...]) else { return nil }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.hasPrefix(":") && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) })
    }

    private func isOurs(_ name: String) -> Bool {
        if name == "localhost" || name.hasSuffix(".localhost") || hostNames.contains(name) { return true }
        return name == "::1" || name == "0:0:0:0:0:0:0:1" || Self.isLoopback(name)
            || (name.hasPrefix("::ffff:") && Self.isLoopback(String(name.dropFirst(7))))
    }

    /// Whether it is an address of IPv4 that begins with 127, in four plain numbers.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isAddress = parts.allSatisfy { part in
            (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                && (Int(part) ?? 256) < 256
        }
        return parts.count == 4 && isAddress && parts[0] == "127"
    }

    // MARK: - Origins

    func checkOrigin(_ head: RequestHead, isPage: Bool) throws(APIError) {
        let origins = head.values("origin")
        if origins.isEmpty, head.value("sec-fetch-site")?.lowercased() == "cross-site" {
            // Who follows a link to the page comes from another site, and is shown what nobody else can read.
            if isPage, head.value("sec-fetch-mode") == "navigate", head.value("sec-fetch-dest") == "document" { return }
            throw Self.foreign("another site")
        }
        for origin in origins where !isOwn(origin, head) && !isAllowed(origin) { throw Self.foreign(origin) }
    }

    private static func foreign(_ origin: String) -> APIError {
        let what = "pages of \"\(origin.prefix(120))\" may not ask this server; --cors-origin lets them"
        return APIError(403, "permission_error", "origin_not_allowed", what)
    }

    private func isOwn(_ origin: String, _ head: RequestHead) -> Bool {
        guard let host = head.host, !host.isEmpty else { return false }
        let own = "\(scheme)://\(host.lowercased())"
        // Browsers leave the usual port out of one, and proxies of the other.
        let usual = scheme == "https" ? ":443" : ":80"
        let plain = { (text: String) in text.hasSuffix(usual) ? String(text.dropLast(usual.count)) : text }
        return plain(origin.lowercased()) == plain(own)
    }

    private func isAllowed(_ origin: String) -> Bool { origins.contains(origin.lowercased()) }

    /// Headers that let a page of another site read an answer; none for anybody else.
    package func sharingFields(_ head: RequestHead) -> [HTTPField] {
        guard !origins.isEmpty else { return [] }
        guard let origin = head.value("origin"), isAllowed(origin) else { return [HTTPField("vary", "origin")] }
        return [
            HTTPField("access-control-allow-origin", origin), HTTPField("vary", "origin"),
            HTTPField(
                "access-control-expose-headers",
                "x-request-id, flotilla-ignored, retry-after, retry-after-ms, x-should-retry"
            ),
        ]
    }

    /// What a browser wants to hear before a page of another site asks.
    func preflightFields(_ head: RequestHead) -> [HTTPField] {
        guard let origin = head.value("origin"), isAllowed(origin), head.value("access-control-request-method") != nil
        else { return [] }
        let asked = (head.value("access-control-request-headers") ?? "").split(separator: ",")
            .map { String($0).trimmed }.filter { !$0.isEmpty && $0.utf8.allSatisfy(Self.isToken) }
        let allowed = asked.isEmpty ? [] : [HTTPField("access-control-allow-headers", asked.joined(separator: ", "))]
        return [HTTPField("access-control-allow-methods", "GET, POST"), HTTPField("access-control-max-age", "600")]
            + allowed
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte)
            || (0x41...0x5A).contains(byte & 0xDF)
    }
}
