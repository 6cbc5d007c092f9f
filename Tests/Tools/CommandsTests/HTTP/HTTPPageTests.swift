import Foundation
import TestSupport
import Testing

/// The page as a browser is sent it; scripts/test-page drives it in one.
@Suite("The page over HTTP", .serialized, .ownThread)
struct HTTPPageTests {
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
        form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
        trusted-types 'none'
        """

    @Test("Files as they stand in the repository, with their policy, and only once")
    func files() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0"], in: directory)
            let site = Fixtures.root.appendingPathComponent("Sources/Serving/Page/Site")
            for (path, name, type) in [
                ("/", "index.html", "text/html; charset=utf-8"),
                ("/assets/app.js", "assets/app.js", "text/javascript; charset=utf-8"),
                ("/assets/vendor/katex.js", "assets/vendor/katex.js", "text/javascript; charset=utf-8"),
                ("/assets/style/base.css", "assets/style/base.css", "text/css; charset=utf-8"),
            ] {
                let answer = try server.get(path)
                #expect(answer.status == 200 && answer.fields["content-type"] == type, "\(path)")
                #expect(answer.body == [UInt8](try Data(contentsOf: site.appendingPathComponent(name))), "\(path)")
                #expect(answer.fields["content-security-policy"] == Self.policy)
                #expect(answer.fields["x-content-type-options"] == "nosniff")
                #expect(answer.fields["referrer-policy"] == "no-referrer")
                #expect(answer.fields["cross-origin-opener-policy"] == "same-origin")
                #expect(answer.fields["cross-origin-resource-policy"] == "same-origin")
                // A browser that has it is told so in a head alone, and goes on with the connection.
                let tag = try #require(answer.fields["etag"])
                let client = try server.http()
                client.ask("GET", path, ["If-None-Match: W/\"x\", \(tag)"])
                let known = try client.head()
                #expect(known.status == 304 && known.fields["content-length"] == nil && known.fields["etag"] == tag)
                client.ask("GET", path, ["If-None-Match: \"another\""])
                #expect(try client.reply().body == answer.body)
            }
            #expect(try server.get("/assets/no.js").code == "not_found")
            #expect(try server.get("/assets/../index.html").code == "not_found")
            #expect(server.end().status == 0)
        }
    }

    @Test("--no-page leaves it out")
    func withoutPage() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--http", "127.0.0.1:0", "--no-page"], in: directory)
            #expect(try server.get("/").status == 404)
            #expect(try server.get("/assets/app.js").status == 404)
            #expect(try server.get("/v1/models").status == 200)
            #expect(server.end().status == 0)
        }
    }
}
