internal import NIOCore
internal import OpenAIProtocol

/// What comes from the parser, in order.
enum HTTPPart {
    case head(RequestHead, keepsAlive: Bool)
    case body(ByteBuffer)
    case end
    /// Nothing that follows can be understood.
    case broken(APIError)
}

/// The request that is being read or answered.
struct HTTPRequestState {
    let head: RequestHead
    let id: String
    var keepsAlive: Bool
    let started = NIODeadline.now()
    var endpoint: Endpoint?
    var owner = OwnerTable.Key.local
    /// What has come of the body, if it is wanted.
    var body: HTTPBody?
    /// Bytes of a body that is not wanted.
    var passedOver = 0
    var hasEnded = false
    /// Whether the coordinator has heard of it.
    var isCall = false
    var hasAnswered = false
    /// The call's number with the coordinator.
    var exchange: Int?
    var status = 0
}
