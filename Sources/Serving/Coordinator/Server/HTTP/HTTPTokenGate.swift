internal import NIOCore
internal import OpenAIProtocol

/// Lets requests of a connection through that show a right token, at the pace that their address has earned.
final class HTTPTokenGate {
    enum Verdict {
        /// Whose it is.
        case open(OwnerTable.Key)
        case refused(APIError)
    }

    private let tokens: [AccessToken]
    private let doorkeeper: Doorkeeper
    private let peer: PeerAddress?
    /// Whether the address still counts this connection among those that have shown nothing.
    private var isStranger: Bool
    /// The token that was right on this connection: shown again, it is no guess.
    private var known: Int?

    init(_ tokens: [AccessToken], _ doorkeeper: Doorkeeper, _ peer: PeerAddress?) {
        (self.tokens, self.doorkeeper, self.peer) = (tokens, doorkeeper, peer)
        isStranger = !tokens.isEmpty && peer != nil
    }

    /// Judges a request, at once or when the address's turn comes.
    func judge(_ head: RequestHead, on eventLoop: any EventLoop, _ then: @escaping (Verdict) -> Void) {
        guard !tokens.isEmpty else { return then(.open(peer.map { .address($0) } ?? .local)) }
        guard let shown = Self.token(head) else {
            return then(.refused(Self.wrong("expected Authorization: Bearer TOKEN, or x-api-key: TOKEN")))
        }
        if let known, tokens[known].matches(shown) { return then(.open(.token(known))) }
        guard let peer else { return then(look(shown)) }
        guard let wait = doorkeeper.wait(peer) else {
            return then(.refused(.busy("too many wrong tokens have come from \(peer)", retryAfterMilliseconds: 10_000)))
        }
        guard wait > .zero else { return then(look(shown)) }
        eventLoop.assumeIsolated().scheduleTask(in: wait) { [self] in then(look(shown)) }
    }

    /// The connection is closed.
    func close() { leave() }

    private func look(_ shown: String) -> Verdict {
        let match = tokens.firstIndex { $0.matches(shown) }
        if let peer { doorkeeper.note(peer, wasRight: match != nil) }
        guard let match else { return .refused(Self.wrong("the token is not known")) }
        known = match
        leave()
        return .open(.token(match))
    }

    private func leave() {
        if isStranger, let peer { doorkeeper.leave(peer) }
        isStranger = false
    }

    private static func wrong(_ message: String) -> APIError {
        var error = APIError(401, "authentication_error", "invalid_api_key", message)
        error.fields = [HTTPField("www-authenticate", "Bearer")]
        return error
    }

    private static func token(_ head: RequestHead) -> String? {
        if let text = head.value("authorization") {
            let words = text.split(separator: " ", maxSplits: 1)
            if words.count == 2, words[0].lowercased() == "bearer" { return String(words[1].drop { $0 == " " }) }
        }
        return head.value("x-api-key")
    }
}
