import Foundation

/// What may stand where a host or a user is named: nothing that a remote shell could take for an option or a command.
enum HostName {
    /// A name (RFC 952, and `_`), an address of IPv4, or one of IPv6.
    static func isValid(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count), let first = text.unicodeScalars.first else { return false }
        if text.contains(":") { return isIPv6(text) }
        return first != "-" && first != "." && text.unicodeScalars.allSatisfy(isPlain)
    }

    static func isValidUser(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("-") && text.unicodeScalars.allSatisfy(isPlain)
    }

    /// Whether it is digits of an address, so that no domain is cut off it.
    static func isAddress(_ text: String) -> Bool {
        var address = in_addr()
        return isIPv6(text) || inet_pton(AF_INET, text, &address) == 1
    }

    private static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let hasZone = parts.count == 2
        guard !hasZone || (!parts[1].isEmpty && parts[1].unicodeScalars.allSatisfy(isPlain)) else { return false }
        return inet_pton(AF_INET6, String(parts[0]), &address) == 1
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "-", "_": true
        default: false
        }
    }
}
