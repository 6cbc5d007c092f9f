internal import NIOCore
internal import OpenAIProtocol
internal import ServingCore

/// What a call over HTTP asks for, its body read to the end.
struct HTTPCall: Sendable {
    let endpoint: Endpoint
    let body: WaitingBody
    /// The client's name for it, or ours.
    let id: String
    let owner: OwnerTable.Key
}

/// A call over HTTP that has not been answered, as the coordinator knows it.
final class HTTPExchange {
    let number: Int
    let owner: Owner
    let call: HTTPCall
    let connection: HTTPConnectionHandler
    /// Of each of its answers.
    var tickets: [Ticket] = []
    var writer: (any AnswerWriter)?
    /// What is wrong with the request, in more words than the core knows.
    var problem: APIError?
    /// Of the first answer, which the others share.
    var preparation: Preparation?
    var lastSaid = NIODeadline.now()

    init(number: Int, owner: Owner, _ call: HTTPCall, _ connection: HTTPConnectionHandler) {
        (self.number, self.owner, self.call, self.connection) = (number, owner, call, connection)
    }
}
