internal import Foundation
internal import JSON
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Requests
internal import Synchronization
internal import WireProtocol

/// An OpenAI-compatible server under load: streamed chat completions, over as many connections as are under way.
package final class HTTPLoadTarget: LoadTarget {
    private let url: HTTPServerURL
    private let model = Mutex<String?>(nil)
    private let token: String?
    private let trust: NIOSSLContext?
    /// Connections that wait for a request, the one used last at the end.
    private let idle = Mutex<[any Channel]>([])

    /// - Parameters:
    ///   - model: what requests name; `nil`: the first that the server has.
    ///   - authorities: a PEM file of certificates to trust in place of the system's.
    /// - Throws: ``ClientError``.
    package init(_ url: HTTPServerURL, model: String?, token: String?, authorities: String?) async throws {
        self.url = url
        self.token = token
        trust = url.isSecure ? try ClientTrust.context(authorities: authorities) : nil
        var name = model
        if name == nil { name = try await firstModel() }
        let chosen = name
        self.model.withLock { $0 = chosen }
    }

    package func run(_ number: Int, _ prompt: LoadGenerator.Prompt) async throws -> RequestRecord {
        let body = Self.body(prompt, model: model.withLock { $0 })
        return try await exchange(.POST, "/v1/chat/completions", body).record
    }

    package func close() {
        for channel in idle.withLock({ $0 }) { channel.close(promise: nil) }
    }

    /// The name of the first model that the server has; `nil` where it does not tell.
    private func firstModel() async throws -> String? {
        let outcome = try await exchange(.GET, "/v1/models", nil)
        guard outcome.status == 200 else {
            if outcome.status == 401 || outcome.status == 403 {
                throw ClientError.http("\(url)", outcome.record.error ?? "HTTP \(outcome.status)")
            }
            return nil
        }
        let value = outcome.body.withUnsafeBytes { try? JSONValue(parsing: $0) }
        return value?.object?["data"]?.array?.first?.object?["id"]?.string
    }

    // MARK: - Requests

    /// A conversation of one turn, as OpenAI's API has it.
    static func body(_ prompt: LoadGenerator.Prompt, model: String?) -> [UInt8] {
        let options = prompt.body.options
        let text = #"{"type":"text","text":\#(JSONLine.encode(prompt.body.prompt ?? ""))}"#
        let parts = prompt.pictures.map { picture in
            let data = Data(picture).base64EncodedString()
            return #"{"type":"image_url","image_url":{"url":"data:\#(type(of: picture));base64,\#(data)"}}"#
        }
        var members = [
            #""messages":[{"role":"user","content":[\#((parts + [text]).joined(separator: ","))]}]"#,
            #""max_tokens":\#(options.sampling.maxTokens)"#, #""temperature":\#(options.sampling.temperature)"#,
            #""stream":true"#, #""stream_options":{"include_usage":true}"#,
        ]
        if let model { members.append(#""model":\#(JSONLine.encode(model))"#) }
        if let seed = options.seed { members.append(#""seed":\#(seed)"#) }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }

    private static func type(of picture: [UInt8]) -> String {
        if picture.starts(with: [0xFF, 0xD8]) { return "image/jpeg" }
        return picture.starts(with: Array("RIFF".utf8)) ? "image/webp" : "image/png"
    }

    private func head(_ method: HTTPMethod, _ endpoint: String, bodyBytes: Int?) -> HTTPRequestHead {
        var headers = HTTPHeaders([("host", url.authority), ("accept", "text/event-stream, application/json")])
        if let bodyBytes {
            headers.add(name: "content-type", value: "application/json")
            headers.add(name: "content-length", value: "\(bodyBytes)")
        }
        if let token { headers.add(name: "authorization", value: "Bearer \(token)") }
        return HTTPRequestHead(version: .http1_1, method: method, uri: url.path(endpoint), headers: headers)
    }

    private func exchange(
        _ method: HTTPMethod,
        _ endpoint: String,
        _ body: [UInt8]?
    ) async throws -> ChatExchange.Outcome {
        while true {
            let waiting = idle.withLock { $0.popLast() }
            let channel: any Channel
            if let waiting { channel = waiting } else { channel = try await connect() }
            let promise = channel.eventLoop.makePromise(of: ChatExchange.Outcome.self)
            let head = head(method, endpoint, bodyBytes: body?.count)
            let request = ChatExchange(head, ByteBuffer(bytes: body ?? []), promise)
            channel.writeAndFlush(request, promise: nil)
            let outcome = try await promise.futureResult.get()
            // One that was idle may have been ended by the server in the same moment: that is nobody's fault.
            if waiting != nil, outcome.isUntouched { continue }
            if channel.isActive, outcome.record.error != "connection lost" { idle.withLock { $0.append(channel) } }
            return outcome
        }
    }

    private func connect() async throws -> any Channel {
        let (trust, host) = (trust, url.host)
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let trust { try pipeline.addHandler(ClientTrust.handler(trust, host: host)) }
                        try pipeline.addHTTPClientHandlers()
                        try pipeline.addHandler(ChatExchangeHandler())
                    }
                }
                .connect(host: url.host, port: url.port).get()
        } catch {
            throw ClientError.unreachable("\(url)", reason: ServerConnection.reason(error))
        }
    }
}
