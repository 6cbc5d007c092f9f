import Foundation

/// The fixed bytes with which a rank begins: what it speaks, then the secret.
///
/// They come before any frame, so that nothing that a stranger sends is ever parsed.
enum Preamble {
    static let magic = Array("FLOTILLA-LINK/1\n".utf8)
    static let byteCount = magic.count + 64

    static func bytes(_ secret: LinkSecret) -> Data { Data(magic + secret.digits) }

    enum Verdict: Equatable {
        case incomplete
        case admitted
        /// Speaks another version of the link: worth an answer.
        case otherVersion
        case wrongSecret
        case stranger
    }

    /// Judges what has arrived so far, at the first byte that is wrong.
    static func judge(_ shown: [UInt8], _ secret: LinkSecret) -> Verdict {
        let name = magic.dropLast(2)
        guard shown.prefix(name.count).elementsEqual(name.prefix(shown.count)) else { return .stranger }
        guard shown.count >= magic.count else { return .incomplete }
        guard shown.prefix(magic.count).elementsEqual(magic) else { return .otherVersion }
        guard shown.count >= byteCount else { return .incomplete }
        return secret.matches(shown[magic.count..<byteCount]) ? .admitted : .wrongSecret
    }
}
