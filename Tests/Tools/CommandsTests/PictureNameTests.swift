import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Commands

@Suite("Pictures as conversations name them")
struct PictureNameTests {
    @Test("paths, file: addresses and data: addresses")
    func ways() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("a b%.png")
            try Data([1, 2, 3]).write(to: file)
            let encoded = file.path.replacingOccurrences(of: "%", with: "%25").replacingOccurrences(
                of: " ",
                with: "%20"
            )
            for name in [
                "a b%.png", file.path, "file://\(encoded)", "FILE://localhost\(encoded)", "data:image/png;base64,AQID",
                "data:;base64,AQ\r\nID", PictureName.data([1, 2, 3]),
            ] {
                #expect(try PictureName(text: name).bytes(in: directory) == [1, 2, 3], "\(name)")
            }
        }
    }

    @Test(
        "what names no picture here is refused in one sentence",
        arguments: [
            ("http://example.com/a.png", "nothing is fetched"), ("HTTPS://example.com/a.png", "nothing is fetched"),
            ("file://elsewhere/a.png", "on the host elsewhere"), ("file://", "names no file"),
            ("file:///no/such.png", "/no/such.png: no such file"), ("data:image/png,abc", "no data: address"),
            ("data:image/png;base64,ab*c", "not base64"), ("no.png", "no.png: no such file"),
        ]
    )
    func refused(name: String, says: String) throws {
        let error = try #require(throws: (any Error).self) {
            try PictureName(text: name).bytes(in: URL(fileURLWithPath: "/tmp"))
        }
        let description = (error as? any OperatorError)?.description ?? "\(error)"
        #expect(description.contains(says), "\(description)")
    }
}
