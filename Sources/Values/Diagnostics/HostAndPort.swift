/// `host:port` or `[IPv6 address]:port`, taken apart and written; what may stand there is for whoever asks.
package struct HostAndPort: Sendable {
    /// Without brackets.
    package let host: String
    package let isBracketed: Bool
    package let port: UInt16

    /// `nil` if there is no colon with a number of 16 bits behind it.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        self.port = port
        let name = text[..<colon]
        isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        host = String(isBracketed ? name.dropFirst().dropLast() : name)
    }

    /// As it is written: an address of IPv6 in brackets.
    package static func text(_ host: String, _ port: some BinaryInteger) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
