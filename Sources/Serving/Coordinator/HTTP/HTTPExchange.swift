internal import NIOCore
internal import OpenAIProtocol
internal import ServingCore

/// What a call over HTTP asks for, its body read to the end.
struct HTTPCall: Sendable {
    var endpoint: Endpoint
    var body: HTTPBody
    /// The client's name for it, or ours.
    var id: String
    var owner: OwnerTable.Key
}

/// A call over HTTP that has not been answered, as the coordinator knows it.
final class HTTPExchange {
    let number: Int
    let owner: Owner
    private(set) var call: HTTPCall
    let connection: HTTPConnectionHandler
    /// Of each of its answers.
    var tickets: [Ticket] = []
    var writer: (any AnswerWriter)?
    /// What is wrong with the request, in more words than the core knows.
    var problem: APIError?
    /// Of the first answer, which the others share.
    var preparation: Preparation?
    var lastSaid = NIODeadline.now()

    /// The body has been read, and is let go of.
    func releaseBody() {
        call.body = HTTPBody()
        connection.releaseBody()
    }

    init(number: Int, owner: Owner, _ call: HTTPCall, _ connection: HTTPConnectionHandler) {
        (self.number, self.owner, self.call, self.connection) = (number, owner, call, connection)
    }
}
