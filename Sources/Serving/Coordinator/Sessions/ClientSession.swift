internal import NIOCore
internal import ServingCore
internal import WireProtocol

/// One connection, as the coordinator knows it.
final class ClientSession {
    let number: Int
    let channel: any Channel
    /// Whether it came over a Unix socket, which only the operator can reach.
    let isLocal: Bool
    var isAuthorised: Bool
    var isAdmin: Bool
    /// Requests in flight by the client's names for them; `nil` while a short task such as COUNT has the name.
    var inFlight: [RequestId: Ticket?] = [:]
    var blobs = PendingBlobs()
    /// The client sends nothing more, but still reads.
    var isHalfClosed = false
    /// Nothing more is said, because the connection is being closed.
    var isClosing = false
    /// Since when the client has left answers unread.
    var stalledSince: NIODeadline?
    var lastSent = NIODeadline.now()
    private var ended: [RequestId] = []
    private static let endedLimit = 256

    init(number: Int, channel: any Channel, isLocal: Bool, isAuthorised: Bool) {
        self.number = number
        self.channel = channel
        self.isLocal = isLocal
        self.isAuthorised = isAuthorised
        isAdmin = isLocal
    }

    /// Sends an event; of no effect once the connection is being closed.
    func send(_ event: ServerEvent) {
        guard !isClosing else { return }
        lastSent = .now()
        var buffer = channel.allocator.buffer(capacity: 256)
        buffer.writeString(event.line)
        buffer.writeInteger(UInt8(ascii: "\n"))
        channel.writeAndFlush(buffer, promise: nil)
    }

    /// Frees a name, and remembers it for a while.
    func end(_ id: RequestId) {
        inFlight[id] = nil
        ended.append(id)
        if ended.count > Self.endedLimit { ended.removeFirst(ended.count - Self.endedLimit) }
    }

    /// Whether a request of this name has ended lately: a CANCEL that crosses its END is no mistake.
    func hasEnded(_ id: RequestId) -> Bool { ended.contains(id) }
}
