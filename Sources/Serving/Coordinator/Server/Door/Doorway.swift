internal import NIOCore

/// The first handler of a connection: once the peer's address is known, lets it in or turns it away.
final class Doorway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let doorkeeper: Doorkeeper
    private let port: ConnectionBudget.Port
    private let enter: (ChannelPipeline.SynchronousOperations) throws -> Void
    private let refusal: (String) -> String

    /// - Parameters:
    ///   - enter: adds the handlers of a connection that is served.
    ///   - refusal: what a client is told, by what there is too much of.
    init(
        _ doorkeeper: Doorkeeper,
        _ port: ConnectionBudget.Port,
        enter: @escaping (ChannelPipeline.SynchronousOperations) throws -> Void,
        refusal: @escaping (String) -> String
    ) {
        self.doorkeeper = doorkeeper
        self.port = port
        self.enter = enter
        self.refusal = refusal
    }

    func channelActive(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            if let problem = doorkeeper.admit(context.channel, port) {
                try pipeline.addHandler(FarewellHandler(refusal(problem)))
            } else {
                try enter(pipeline)
            }
        } catch {
            return context.close(promise: nil)
        }
        context.fireChannelActive()
    }
}
