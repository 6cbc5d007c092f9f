/// Which requests are answered at all, judged by their heads: a web page of another site, a name that was rebound to this
/// address and a request that two parsers would read as two different ones are not.
package struct HTTPRules: Sendable {
    /// Whether `Host` is looked at: without tokens it is all that tells a rebound name from this machine's own.
    package var checksHost: Bool
    /// Names by which this server may be called besides the loopback's.
    package var hostNames: Set<String>
    /// Other sites whose pages may ask, as browsers write them: `https://chat.example.org`.
    package var origins: Set<String>
    /// Under which the server's own page is reached.
    package var scheme = "http"
    package var hasPage: Bool
    package var maxBody: Int

    package init(checksHost: Bool, hostNames: Set<String>, origins: Set<String>, hasPage: Bool, maxBody: Int) {
        self.checksHost = checksHost
        self.hostNames = Set(hostNames.map { $0.lowercased() })
        self.origins = Set(origins.map { $0.lowercased() })
        self.hasPage = hasPage
        self.maxBody = maxBody
    }

    package enum Verdict: Sendable, Equatable {
        /// Answered by its head alone.
        case reply(HTTPReply)
        case endpoint(Endpoint)
    }

    /// What a request asks for; its body is another matter.
    package func judge(_ head: RequestHead) throws(APIError) -> Verdict {
        try checkFraming(head)
        try checkHost(head)
        let isAsterisk = head.method == "OPTIONS" && head.target == "*"
        if isAsterisk { return .reply(HTTPReply(status: 204, fields: [Endpoint.chat.allow], type: nil, body: [])) }
        let endpoint: Result<Endpoint, APIError>
        do throws(APIError) {
            endpoint = .success(try Endpoint(path: head.path, hasPage: hasPage))
        } catch {
            endpoint = .failure(error)
        }
        try checkOrigin(head, isPage: (try? endpoint.get()) == .page("/"))
        let found = try endpoint.get()
        if head.method == "OPTIONS" {
            let fields = [found.allow] + preflightFields(head)
            return .reply(HTTPReply(status: 204, fields: fields, type: nil, body: []))
        }
        guard found.methods.contains(head.method) else {
            let what = "\(head.path) takes \(found.methods.joined(separator: ", ")), and not \(head.method)"
            var error = APIError.invalid(what, code: "method_not_allowed", status: 405)
            error.fields = [found.allow]
            throw error
        }
        return .endpoint(found)
    }

    /// Refuses a body before a byte of it is read.
    package func checkBody(_ head: RequestHead) throws(APIError) {
        let type = head.value("content-type")?.prefix { $0 != ";" }.lowercased().trimmed
        // Of two types nobody knows which one a proxy has looked at.
        guard type == "application/json", head.values("content-type").count == 1 else {
            let what =
                "the content type is \(type.map { "\"\($0.prefix(80))\"" } ?? "missing"), expected application/json"
            throw .invalid(what + " and no other", code: "unsupported_media_type", status: 415)
        }
        if let encoding = head.value("content-encoding"), encoding.lowercased() != "identity" {
            let what = "the content encoding is \"\(encoding.prefix(80))\", and bodies are taken as they are"
            throw .invalid(what, code: "unsupported_media_type", status: 415)
        }
        if let length = head.contentLength, length > maxBody { throw tooLarge }
    }

    package var tooLarge: APIError {
        .invalid("a body may have \(maxBody) bytes at most", code: "request_too_large", status: 413)
    }

    // MARK: - Framing

    /// Refuses what says in two ways where it ends.
    private func checkFraming(_ head: RequestHead) throws(APIError) {
        func broken(_ what: String) -> APIError { .invalid(what, code: "bad_request") }
        let codings = head.values("transfer-encoding")
        if !codings.isEmpty {
            guard codings.count == 1, codings[0].lowercased() == "chunked", !head.isOld else {
                throw broken("the transfer encoding is not chunked alone")
            }
            if !head.values("content-length").isEmpty {
                throw broken("there are a content length and a transfer encoding, which is one too many")
            }
        }
        if head.values("content-length").count > 1 { throw broken("there are several content lengths") }
        let hosts = head.values("host").count
        guard hosts == 1 || (hosts == 0 && head.isOld) else {
            throw broken(hosts == 0 ? "the host is missing" : "there are several hosts")
        }
        if let expect = head.value("expect"), expect.lowercased() != "100-continue" {
            throw .invalid("the server cannot do what \"expect\" wants", code: "expectation_failed", status: 417)
        }
    }
}

extension String {
    /// Without blanks at its ends.
    var trimmed: String {
        let start = drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
