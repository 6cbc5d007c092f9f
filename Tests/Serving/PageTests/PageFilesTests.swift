import Digests
import Foundation
import Page
import TestSupport
import Testing

/// What is in the executable, compared with what is in the repository.
struct PageFilesTests {
    private static let site = Fixtures.root.appendingPathComponent("Sources/Serving/Page/Site")

    /// The names of all files of the site, as the file system tells them.
    private static var names: [String] {
        let found = FileManager.default.enumerator(atPath: site.path)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.split(separator: "/").last?.contains(".") ?? false }
    }

    @Test("Every file of the site is there, byte for byte, and nothing else")
    func everyFile() throws {
        let paths = Self.names.map { $0 == "index.html" ? "/" : "/\($0)" }
        #expect(paths.count > 30)
        #expect(PageFiles.paths == paths.sorted())
        for name in Self.names {
            let file = try #require(PageFiles.file(for: name == "index.html" ? "/" : "/\(name)"), "\(name)")
            #expect(file.bytes == [UInt8](try Data(contentsOf: Self.site.appendingPathComponent(name))), "\(name)")
        }
    }

    @Test("A browser takes modules and styles only by their types")
    func types() {
        #expect(PageFiles.file(for: "/")?.contentType == "text/html; charset=utf-8")
        #expect(PageFiles.file(for: "/assets/app.js")?.contentType == "text/javascript; charset=utf-8")
        #expect(PageFiles.file(for: "/assets/style/base.css")?.contentType == "text/css; charset=utf-8")
        #expect(PageFiles.file(for: "/assets/icon.svg")?.contentType == "image/svg+xml")
        #expect(PageFiles.paths.allSatisfy { PageFiles.file(for: $0)?.contentType != "application/octet-stream" })
    }

    @Test("A tag is quoted, and says what the content is")
    func tags() {
        let files = PageFiles.paths.compactMap(PageFiles.file(for:))
        #expect(files.allSatisfy { $0.etag == "\"\(SHA256.hex($0.bytes).prefix(20))\"" })
        #expect(Set(files.map(\.etag)).count == files.count)
    }

    @Test(
        "Nothing else is a file",
        arguments: [
            "", "assets/app.js", "/index.html", "/assets", "/assets/", "/assets/../assets/app.js", "/assets/%61pp.js",
            "//", "/assets/app.js/", "/assets/APP.js", "/etc/passwd", "/assets/app.js?x",
        ]
    )
    func strangers(path: String) {
        #expect(PageFiles.file(for: path) == nil)
    }

    /// The policy that the page is sent with lets none of this through; without it, nothing may need it either.
    @Test("No other host, no markup from texts, no style in an attribute")
    func policy() {
        for path in PageFiles.paths where !path.contains("/vendor/") {
            let text = String(decoding: PageFiles.file(for: path)?.bytes ?? [], as: UTF8.self)
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=\"", "@import",
            ] {
                #expect(!text.contains(word), "\(path) has \(word)")
            }
            #expect(text.components(separatedBy: "src=\"http").count == 1 && !text.contains("url(http"), "\(path)")
        }
    }
}
