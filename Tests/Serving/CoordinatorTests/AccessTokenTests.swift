import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Coordinator

struct AccessTokenTests {
    @Test("Only the whole token matches")
    func matches() {
        let token = AccessToken("correct-horse", isAdmin: false)
        #expect(token.matches("correct-horse"))
        let longer = "correct-horse" + String(repeating: "\0", count: 256)
        for other in ["", "correct-hors", "correct-horse ", "Correct-horse", "correct-horsf", longer] {
            #expect(!token.matches(other), "\(other.prefix(20))")
        }
    }

    @Test("A token file: comments, empty lines, admins, Windows' line ends")
    func file() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("tokens").path
            try "# ours\n\nfriend-token\r\nchief-token admin # may drain\n".write(
                toFile: path,
                atomically: true,
                encoding: .utf8
            )
            let tokens = try AccessToken.read(file: path)
            #expect(tokens == [AccessToken("friend-token", isAdmin: false), AccessToken("chief-token", isAdmin: true)])
        }
    }

    @Test("A short token is taken, and known to be weak")
    func weak() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("tokens").path
            try "sesame1 admin\n12345678\n".write(
                toFile: path,
                atomically: true,
                encoding: .utf8
            )
            #expect(try AccessToken.read(file: path).map(\.isWeak) == [true, false])
        }
    }

    @Test(
        "A file that would protect nothing is refused",
        arguments: ["", "# nothing\n", "a-long-token root\n"]
    )
    func refused(text: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("tokens").path
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: UsageError.self) { try AccessToken.read(file: path) }
            #expect(throws: UsageError.self) { try AccessToken.read(file: path + "-of-nobody") }
        }
    }
}
