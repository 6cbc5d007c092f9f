internal import NIOCore
internal import Synchronization

/// The bytes of a body as they came, in pieces that are never copied more than once on the loop.
struct HTTPBody: Sendable {
    private var pieces: [ByteBuffer] = []
    private(set) var count = 0
    private static let pieceBytes = 256 << 10

    init() {}

    /// Takes the next bytes over; what they stood in is let go, which may be much larger.
    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        count += bytes.readableBytes
        let room = pieces.last.map { Self.pieceBytes - $0.readableBytes } ?? 0
        if bytes.readableBytes > room { pieces.append(ByteBuffer()) }
        pieces[pieces.count - 1].writeImmutableBuffer(bytes)
    }

    /// All of it in one piece; takes long where there is much, and is not for the loop.
    var joined: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, count in
            count = 0
            for piece in pieces {
                piece.withUnsafeReadableBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(target)[count...])
                        .copyMemory(from: bytes)
                }
                count += piece.readableBytes
            }
        }
    }
}

/// A body that has come whole and waits to be read, once.
///
/// Whoever reads it lets go of it as well: giving many megabytes back to the system takes milliseconds, which the loop
/// has not.
final class WaitingBody: Sendable {
    let count: Int
    private let body: Mutex<HTTPBody>

    init(_ body: HTTPBody) {
        count = body.count
        self.body = Mutex(body)
    }

    /// All of it in one piece; empty the second time.
    func take() -> [UInt8] {
        let body = self.body.withLock { body in
            defer { body = HTTPBody() }
            return body
        }
        return body.joined
    }
}
