package import Diagnostics
internal import Foundation

/// A secret that a client shows in HELLO.
package struct AccessToken: Sendable, Equatable {
    private let bytes: [UInt8]
    /// Whether DRAIN and SHUTDOWN are allowed with it.
    package let isAdmin: Bool

    package init(_ text: String, isAdmin: Bool) {
        bytes = Array(text.utf8)
        self.isAdmin = isAdmin
    }

    /// Whether `text` is the token; how long it takes does not tell how much of it is right.
    package func matches(_ text: String) -> Bool {
        let other = Array(text.utf8)
        var difference = UInt8(truncatingIfNeeded: bytes.count ^ other.count) | (bytes.count == other.count ? 0 : 1)
        for index in bytes.indices { difference |= bytes[index] ^ (index < other.count ? other[index] : 0) }
        return difference == 0
    }

    /// Whether it is so short that it can be tried out.
    package var isWeak: Bool { bytes.count < 8 }

    /// Reads a token file: a token a line, with ` admin` behind those that may drain and shut down; `#` begins a comment.
    package static func read(file: String) throws(UsageError) -> [AccessToken] {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw UsageError("the token file \(file) cannot be read")
        }
        var tokens: [AccessToken] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
            guard let first = words.first else { continue }
            guard words.count == 1 || (words.count == 2 && words[1] == "admin") else {
                throw UsageError(
                    "line \(number + 1) of the token file \(file) is not a token",
                    hint: "one token a line, with \" admin\" behind those that may drain and shut down"
                )
            }
            tokens.append(AccessToken(String(first), isAdmin: words.count == 2))
        }
        guard !tokens.isEmpty else { throw UsageError("the token file \(file) holds no token") }
        return tokens
    }
}
