internal import OpenAIProtocol
internal import Requests
internal import ServingCore
internal import Tokenization
internal import WireProtocol

/// A request over HTTP, ready to be admitted.
struct PreparedCall: Sendable {
    let writer: any AnswerWriter
    let preparation: Preparation
    /// Answers that are asked for.
    let count: Int
}

/// Bodies of HTTP, read on the desk's threads.
extension PreparationDesk {
    typealias Outcome<Value> = Result<Value, APIError>

    /// A request for answers.
    func answers(
        _ call: HTTPCall,
        _ api: HTTPAnswers,
        pictures: PictureStore
    ) async throws(RequestError) -> Outcome<PreparedCall> {
        try await onPool { () throws(RequestError) in
            Outcome { () throws(APIError) in
                let (request, writer) = try Self.read(call, api)
                var preparation = try self.preparation(request.generate, api, pictures)
                preparation.label = call.id
                return PreparedCall(writer: writer, preparation: preparation, count: request.count)
            }
        }
    }

    private static func read(
        _ call: HTTPCall,
        _ api: HTTPAnswers
    ) throws(APIError) -> (ChatRequest, any AnswerWriter) {
        let isResponse = call.endpoint == .responses || call.endpoint == .responsesTokens
        let request = try ChatRequest(json: call.body.take(), api.rules, isResponse ? .responses : .chat)
        if isResponse { return (request, ResponseAnswer(api.frame("resp_"), request)) }
        let frame = api.frame("chatcmpl-")
        return (request, request.wantsStream ? ChatStream(frame, request) : ChatAnswer(frame, request))
    }

    private func preparation(
        _ body: GenerateBody,
        _ api: HTTPAnswers,
        _ pictures: PictureStore
    ) throws(APIError) -> Preparation {
        try inWords(api, body, pictures) { () throws(RequestError) in try self.preparation(body, pictures: pictures) }
    }

    /// Does what the line does, and says what went wrong in the words of the API.
    private func inWords<Value>(
        _ api: HTTPAnswers,
        _ body: GenerateBody,
        _ pictures: PictureStore,
        _ work: () throws(RequestError) -> Value
    ) throws(APIError) -> Value {
        for digest in ChatRequest.digests(of: body) where !pictures.holds(digest: digest) {
            let what = "the picture sha256:\(digest) is not kept any more; send it again"
            throw .invalid(what, param: "messages", code: "picture_gone")
        }
        do throws(RequestError) {
            return try work()
        } catch {
            let param = error.message.hasPrefix("logit_bias ") ? "logit_bias" : nil
            throw APIError(error, param: param, contextTokens: api.contextTokens)
        }
    }

    /// An answer that takes no ranks.
    func reply(
        _ call: HTTPCall,
        _ api: HTTPAnswers,
        pictures: PictureStore
    ) async throws(RequestError) -> Outcome<HTTPReply> {
        try await onPool { () throws(RequestError) in
            Outcome { () throws(APIError) in
                switch call.endpoint {
                case .tokenize: return HTTPReply(json: try self.tokens(call, api, pictures))
                case .detokenize: return HTTPReply(json: try self.text(call, api))
                default:
                    let (request, _) = try Self.read(call, api)
                    let prepared = try self.prepared(request.generate, api, pictures)
                    let json = SmallReplies.inputTokens(count: Self.countReply(prepared))
                    return HTTPReply(fields: request.ignoredFields, json: json)
                }
            }
        }
    }

    private func prepared(
        _ body: GenerateBody,
        _ api: HTTPAnswers,
        _ pictures: PictureStore
    ) throws(APIError) -> PreparedRequest {
        try inWords(api, body, pictures) { () throws(RequestError) in
            try self.prepared(body, blobs: [:], pictures: pictures)
        }
    }

    private func tokens(
        _ call: HTTPCall,
        _ api: HTTPAnswers,
        _ pictures: PictureStore
    ) throws(APIError) -> [UInt8] {
        let json = call.body.take()
        let asked = try TokenizeRequest(json: json, api.rules)
        let ids: [Int32]
        switch asked.subject {
        case .text(let text): ids = tokenizer.encode(text, allowingControlTokens: asked.allowsControlTokens)
        case .conversation: ids = try prepared(try ChatRequest(json: json, api.rules).generate, api, pictures).promptIds
        }
        return SmallReplies.tokens(ids, contextTokens: api.contextTokens)
    }

    private func text(_ call: HTTPCall, _ api: HTTPAnswers) throws(APIError) -> [UInt8] {
        let ids = try DetokenizeRequest(json: call.body.take(), api.rules).tokens
        let size = tokenizer.vocabularySize
        if let odd = ids.first(where: { !(0..<Int32(size)).contains($0) }) {
            throw .invalid("tokens holds \(odd), expected 0 to \(size - 1)", param: "tokens")
        }
        return SmallReplies.text(tokenizer.decode(ids))
    }
}
