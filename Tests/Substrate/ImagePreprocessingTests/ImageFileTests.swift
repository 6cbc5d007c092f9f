import Diagnostics
import Foundation
import ImagePreprocessing
import TestSupport
import Testing

struct ImageFileTests {
    @Test("Errors name the file, are one sentence, and exit with 2")
    func errors() throws {
        try Fixtures.withTemporaryDirectory { folder in
            let empty = folder.appendingPathComponent("empty.png").path
            let large = folder.appendingPathComponent("large.png").path
            let page = folder.appendingPathComponent("page.jpg").path
            try Data().write(to: URL(fileURLWithPath: empty))
            try Data(count: 5000).write(to: URL(fileURLWithPath: large))
            try Data("<html>404</html>".utf8).write(to: URL(fileURLWithPath: page))
            let missing = folder.appendingPathComponent("none.png").path
            let expected = [
                missing: "no such file",
                folder.path: "this is a directory, not an image",
                empty: "the image is empty (0 bytes)",
                large: "the file is larger than the limit of 4000 bytes",
                page: "this is an HTML page, not a JPEG, PNG or WebP image",
            ]
            for (path, reason) in expected {
                let error = #expect(throws: ImageFileError.self) {
                    try ImageFile.decode(path, limits: ImageLimits(maxBytes: 4000))
                }
                #expect(error?.description == "\(path): \(reason)")
                #expect(error?.exitCode == .usage)
            }
        }
    }

    @Test("A file is read whole")
    func reads() throws {
        let url = Fixtures.url("images/dot.png")
        #expect(try ImageFile.read(url.path) == [UInt8](try Data(contentsOf: url)))
    }
}
