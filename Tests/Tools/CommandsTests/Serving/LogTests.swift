import Foundation
import Requests
import TestSupport
import Testing

/// A server whose log goes wrong serves on, and ends when it is told to.
@Suite("A log that goes wrong", .serialized, .ownThread)
struct LogTests {
    static let plain = #"{"prompt":"what is 3 plus 4?"}"#

    /// `F_SETPIPE_SZ`, which Glibc's module does not show.
    static let setPipeSize: Int32 = 1031

    /// Asks so often that a log of a page would be full, then ends the server.
    static func use(_ server: ServerProcess, times: Int = 40) throws {
        for _ in 0..<times { #expect(try server.ask(plain).end?.text == "3 + 4 = 7.") }
        let outcome = server.end()
        #expect(outcome.status == 0 && !outcome.wasSignalled)
    }

    @Test(
        "a full disk, a closed descriptor",
        arguments: ["exec \"$0\" \"$@\" 2>/dev/full", "exec \"$0\" \"$@\" 2>&-", "exec \"$0\" \"$@\" 2>&- >&- <&-"]
    )
    func nowhere(_ script: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(in: directory, script: script)
            try Self.use(server, times: 3)
        }
    }

    @Test(
        "a pipe that nobody reads, as text and as JSON; a pipe that was closed",
        arguments: ["", "--log-json", "closed"]
    )
    func pipe(_ kind: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("pipe").path
            mkfifo(path, 0o600)
            // Reading and writing, so that opening it waits for nobody; a page is as small as a pipe can be.
            let end = open(path, O_RDWR)
            _ = fcntl(end, Self.setPipeSize, 4096)
            let options = kind.hasPrefix("-") ? [kind] : []
            let server = try ServerProcess(options, in: directory, script: "exec \"$0\" \"$@\" 2>'\(path)'")
            if kind == "closed" { close(end) }
            try Self.use(server)
            if kind != "closed" { close(end) }
        }
    }

    @Test("what a pipe does not take at once is kept, and written when it is read")
    func slowReader() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("pipe").path
            mkfifo(path, 0o600)
            let end = open(path, O_RDWR | O_NONBLOCK)
            _ = fcntl(end, Self.setPipeSize, 4096)
            let server = try ServerProcess(in: directory, script: "exec \"$0\" \"$@\" 2>'\(path)'")
            for _ in 0..<40 { _ = try server.ask(Self.plain) }
            // The queue holds what the pipe does not: nothing was lost, and all of it can be read.
            var bytes: [UInt8] = []
            let isAll = Poll.until {
                var piece = [UInt8](repeating: 0, count: 4096)
                let count = read(end, &piece, piece.count)
                if count > 0 { bytes += piece[..<count] }
                return String(decoding: bytes, as: UTF8.self).components(separatedBy: "outcome=stop").count == 41
            }
            #expect(isAll, "\(String(decoding: bytes, as: UTF8.self).suffix(400))")
            #expect(server.end().status == 0)
            close(end)
        }
    }
}
