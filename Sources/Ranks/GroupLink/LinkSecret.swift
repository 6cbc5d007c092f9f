import Foundation

/// The secret of one group, that a rank must show before the process in front listens to it.
///
/// It never appears in a description, so that no log can leak it.
package struct LinkSecret: Sendable, Equatable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits, as ASCII.
    let digits: [UInt8]

    /// 32 bytes from the kernel's generator.
    ///
    /// - Throws: ``LinkError/system(_:_:)`` if `/dev/urandom` cannot be read.
    package static func random() throws(LinkError) -> LinkSecret {
        guard let file = fopen("/dev/urandom", "re") else { throw .system("open /dev/urandom", errno) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard fread(&bytes, 1, bytes.count, file) == bytes.count else { throw .system("read /dev/urandom", errno) }
        return LinkSecret(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        let alphabet = Array("0123456789abcdef".utf8)
        digits = bytes.flatMap { [alphabet[Int($0 >> 4)], alphabet[Int($0 & 15)]] }
    }

    /// `nil` unless `text` is 64 hexadecimal digits.
    package init?(hexadecimal text: String) {
        let digits = Array(text.lowercased().utf8)
        guard digits.count == 64, digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.digits = digits
    }

    /// For the environment of the ranks, and nothing else.
    package var hexadecimal: String { String(decoding: digits, as: UTF8.self) }

    package var description: String { "LinkSecret(hidden)" }

    package static func == (one: LinkSecret, other: LinkSecret) -> Bool { one.matches(other.digits) }

    /// Whether `shown` is this secret, in a time that does not depend on where they differ.
    func matches(_ shown: some Collection<UInt8>) -> Bool {
        guard shown.count == digits.count else { return false }
        return zip(digits, shown).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
