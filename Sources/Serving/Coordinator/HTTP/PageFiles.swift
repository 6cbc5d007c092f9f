internal import OpenAIProtocol

/// The files of the page that a browser is shown.
enum PageFiles {
    /// The file at `/` or below `/assets/`; `nil` if there is none.
    static func file(for path: String) -> (bytes: [UInt8], contentType: String)? { nil }
}

/// A file of the page as it is sent: with rules by which a browser runs nothing in it but the page's own modules.
enum PageReply {
    static func reply(_ path: String) throws(APIError) -> HTTPReply {
        guard let file = PageFiles.file(for: path) else {
            throw .invalid("there is no file at this path", code: "not_found", status: 404)
        }
        return HTTPReply(fields: fields, type: file.contentType, body: file.bytes)
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
