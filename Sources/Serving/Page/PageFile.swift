/// A file of the page, as a browser gets it.
package struct PageFile: Sendable, Equatable {
    /// For example `text/javascript; charset=utf-8`.
    package let contentType: String
    /// For `etag` and `if-none-match`, quotes included: it changes with the content and with nothing else.
    package let etag: String
    package let bytes: [UInt8]
}
