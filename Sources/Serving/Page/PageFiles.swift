internal import CPage
internal import Digests

/// The page that people ask from: plain modules, styles and a document, all of them in the executable.
///
/// They stand in `Sources/Serving/Page/Site`, as they are sent; scripts/page-table lists them for the compiler.
package enum PageFiles {
    /// The file at `path`, which is `/` or begins with `/assets/`; `nil` where there is none.
    ///
    /// A path is compared as it is: nothing in it is decoded, and no directory is looked into.
    package static func file(for path: String) -> PageFile? { files[path] }

    /// Every path that there is, in order.
    package static var paths: [String] { files.keys.sorted() }

    private static let files: [String: PageFile] = {
        var count = 0
        guard let table = cpage_files(&count) else { return [:] }
        return UnsafeBufferPointer(start: table, count: count).reduce(into: [:]) { files, entry in
            let path = String(cString: entry.path)
            let bytes = Array(UnsafeBufferPointer(start: entry.bytes, count: entry.count))
            let etag = "\"\(SHA256.hex(bytes).prefix(20))\""
            files[path] = PageFile(contentType: contentType(of: path), etag: etag, bytes: bytes)
        }
    }()

    private static func contentType(of path: String) -> String {
        switch path.split(separator: "/").last?.split(separator: ".").last {
        case nil: "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
