import Foundation

/// Bytes to send, in whatever they came: a picture of many megabytes is not copied only to be sent.
enum Chunk: Sendable {
    case data(Data)
    case array([UInt8])

    var count: Int {
        switch self {
        case .data(let data): data.count
        case .array(let array): array.count
        }
    }

    /// Whether it holds no memory that is not held without it.
    var isShared: Bool {
        if case .array = self { true } else { false }
    }

    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        switch self {
        case .data(let data): data.withUnsafeBytes(body)
        case .array(let array): array.withUnsafeBytes(body)
        }
    }
}

/// One link's bytes in both directions: a socket, the frames that arrive and the chunks that wait.
///
/// Owned by one thread, which calls it when `poll` says that the socket can go on.
final class LinkChannel {
    let socket: Socket
    private var decoder: FrameDecoder
    private var chunks: [Chunk] = []
    private var sentOfFirst = 0
    private var hadToWait = false
    private(set) var waitingBytes = 0
    /// Of those, the ones that others hold as well.
    private(set) var sharedBytes = 0
    /// When the peer last showed life: it sent something, or made room for bytes that had to wait.
    private(set) var lastHeard = MonotonicClock.now

    init(socket: Socket, limits: LinkLimits) {
        self.socket = socket
        decoder = FrameDecoder(limits: limits)
    }

    /// Believes longer frames from now on.
    func raise(_ limits: LinkLimits) { decoder.limits = limits }

    /// What `poll` shall watch for.
    var events: Int16 { Int16(POLLIN) | (chunks.isEmpty ? 0 : Int16(POLLOUT)) }

    /// Forgets a silence that was this process's own, as after being stopped.
    func pardonSilence() { lastHeard = MonotonicClock.now }

    func enqueue(_ chunks: [Data]) { enqueue(chunks.map { .data($0) }) }

    func enqueue(_ chunks: [Chunk]) {
        self.chunks += chunks
        waitingBytes += chunks.reduce(0) { $0 + $1.count }
        sharedBytes += chunks.reduce(0) { $0 + ($1.isShared ? $1.count : 0) }
    }

    /// Sends what the socket takes now.
    func flush() throws(LinkError) {
        while let chunk = chunks.first {
            let count = chunk.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
                let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(sentOfFirst))
                return send(socket.descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                hadToWait = errno == EAGAIN
                if errno == EAGAIN || errno == EINTR { return }
                throw .closed(LinkError.text(errno))
            }
            if hadToWait { lastHeard = MonotonicClock.now }
            hadToWait = false
            waitingBytes -= count
            if chunk.isShared { sharedBytes -= count }
            sentOfFirst += count
            if sentOfFirst == chunk.count {
                chunks.removeFirst()
                sentOfFirst = 0
            }
        }
    }

    /// Takes in what has arrived, and calls `deliver` for each whole frame.
    ///
    /// - Throws: ``LinkError/closed(_:)`` at the end of the stream, after the frames before it.
    func receive(_ deliver: (Frame) throws(LinkError) -> Void) throws(LinkError) {
        // Enough for a fast link, and little enough that one busy rank cannot keep the others waiting.
        for _ in 0..<16 {
            let count = try receiveOnce(deliver)
            if count < Self.chunkBytes { return }
        }
    }

    private static let chunkBytes = 256 << 10

    /// The number of bytes that arrived; 0 if none is there now.
    private func receiveOnce(_ deliver: (Frame) throws(LinkError) -> Void) throws(LinkError) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
        defer { buffer.deallocate() }
        let count = recv(socket.descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            lastHeard = MonotonicClock.now
            try decoder.feed(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)), deliver: deliver)
            return count
        }
        if count == 0 { throw .closed("the other side closed it") }
        if errno == EAGAIN || errno == EINTR { return 0 }
        throw .closed(LinkError.text(errno))
    }
}
