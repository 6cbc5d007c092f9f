internal import Foundation
internal import NIOCore

/// A listening channel's end: it rests while there is no room for connections.
///
/// NIO asks again at once when `accept` fails for want of descriptors, and would go round as fast as it can. Only turning
/// `autoRead` off makes it wait.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// How long accepting rests when the system has no descriptor left, if no connection closes before.
    private static let rest = TimeAmount.seconds(1)

    private let strangers: StrangerLog
    private var channel: (any Channel)?
    /// Whether there is room.
    var isOpen = true { didSet { attend() } }
    private var isResting = false
    private var isReading = true

    init(_ strangers: StrangerLog) { self.strangers = strangers }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func handlerRemoved(context: ChannelHandlerContext) { channel = nil }

    private func attend() {
        let mayRead = isOpen && !isResting
        guard mayRead != isReading, let channel else { return }
        isReading = mayRead
        try? channel.syncOptions?.setOption(.autoRead, value: mayRead)
    }

    /// `accept` has failed; what is worse than the want of descriptors closes the channel by itself.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, error.errnoCode == ECONNABORTED { return }
        strangers.note(.noDescriptors, "a connection could not be accepted", ["cause": "\(error)"])
        guard !isResting else { return }
        isResting = true
        attend()
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) { [self] in
            isResting = false
            attend()
        }
    }
}
