internal import OpenAIProtocol
internal import Page

/// A file of the page as it is sent: with rules by which a browser runs nothing in it but the page's own modules.
enum PageReply {
    /// The file at `path`, or only word that it is as before where `known`, the browser's `if-none-match`, has its tag.
    static func reply(_ path: String, known: String? = nil) throws(APIError) -> HTTPReply {
        guard let file = PageFiles.file(for: path) else {
            throw .invalid("there is no file at this path", code: "not_found", status: 404)
        }
        let tagged = fields + [HTTPField("etag", file.etag)]
        if let known, known.contains(file.etag) { return HTTPReply(status: 304, fields: tagged, type: nil, body: []) }
        return HTTPReply(fields: tagged, type: file.contentType, body: file.bytes)
    }

    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
        form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
        trusted-types 'none'
        """

    private static let fields = [
        HTTPField("content-security-policy", policy), HTTPField("x-content-type-options", "nosniff"),
        HTTPField("referrer-policy", "no-referrer"), HTTPField("cross-origin-opener-policy", "same-origin"),
        HTTPField("cross-origin-resource-policy", "same-origin"), HTTPField("cache-control", "no-cache"),
    ]
}
