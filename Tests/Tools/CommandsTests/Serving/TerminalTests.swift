import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// What a model, a server or a name writes is harmless on a terminal, and itself in a pipe.
@Suite("Other people's words on a terminal", .serialized, .ownThread)
struct TerminalTests {
    /// Sets the title, the clipboard, paints over a line, and turns the direction of writing.
    static let evil = "\u{1B}]0;title\u{07}\u{1B}]52;c;ZWNobw==\u{07}a\rb\u{9B}2J\u{202E}c"
    static let shown = "␛]0;title␇␛]52;c;ZWNobw==␇a␍b<U+009B>2J<U+202E>c"

    /// Runs a client with all that it prints on a terminal; that, with the terminal's own line ends.
    static func onTerminal(_ arguments: [String]) throws -> String {
        let terminal = PretendTerminal()
        let process = Process()
        process.executableURL = FlotillaProgram.executable
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = terminal.side
        process.standardError = terminal.side
        try process.run()
        if !Poll.until({ !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return terminal.text()
    }

    static func json(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    /// An answer with a sequence that is cut in two, and an error that is as bad.
    static func answer() throws -> [String] {
        let scalars = Array(evil.unicodeScalars)
        let pieces = [scalars[..<1], scalars[1...]].map { String(String.UnicodeScalarView($0)) }
        return try pieces.map { "TEXT ask {\"text\":\(try json($0)),\"ids\":[1]}" } + [
            "PROGRESS ask {\"stage\":\"decode\",\"done\":1,\"total\":2,\"note\":\(try json(evil))}",
            "ERR ask {\"code\":\"INTERNAL\",\"message\":\(try json(evil)),\"blame\":\"server\",\"retriable\":false,\"fatal\":false}",
        ]
    }

    /// Whether a terminal would see something of `evil` that it obeys.
    static func isHarmful(_ text: String) -> Bool {
        ["\u{1B}]", "\u{07}", "\u{9B}", "\u{202E}", "a\rb"].contains { text.contains($0) }
    }

    @Test("ask, its progress and its errors")
    func ask() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let lines = try Self.answer()
            let server = PretendServer(in: directory, answering: lines)
            let seen = try Self.onTerminal(["ask", "--server", server.path, "hello"])
            #expect(seen.contains(Self.shown), "\(seen.debugDescription)")
            #expect(seen.contains("the server said INTERNAL: " + Self.shown), "\(seen.debugDescription)")
            #expect(!Self.isHarmful(seen), "\(seen.debugDescription)")
            let again = PretendServer(in: directory, answering: lines)
            let piped = try FlotillaProgram.run(["ask", "--server", again.path, "hello"], in: directory)
            #expect(piped.output == Self.evil, "raw in a pipe")
            #expect(piped.errors.contains(Self.evil))
        }
    }

    @Test("top, with names that a server tells")
    func top() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let real = try ServerProcess(in: directory)
            let client = try real.connect()
            client.send("STATS s")
            guard case .ok(_, let json) = try client.event() else { throw RawClient.Closed() }
            #expect(real.end().status == 0)
            let model = try #require(json.firstMatch(of: /"model":"[^"]*"/)).output
            let bad = json.replacing(model, with: "\"model\":\(try Self.json(Self.evil + "\n"))")
            let server = PretendServer(in: directory, answering: ["OK top \(bad)"])
            let seen = try Self.onTerminal(["top", "--once", "--server", server.path])
            #expect(seen.contains(Self.shown + "␊"), "\(seen.debugDescription)")
            #expect(!Self.isHarmful(seen))
            let again = PretendServer(in: directory, answering: ["OK top \(bad)"])
            let piped = try FlotillaProgram.run(["top", "--once", "--server", again.path], in: directory)
            #expect(piped.output.contains(Self.evil))
        }
    }

    @Test("names of files in errors")
    func files() throws {
        let seen = try Self.onTerminal(["plan", "--model", "/nowhere/\(Self.evil)"])
        #expect(seen.contains(Self.shown), "\(seen.debugDescription)")
        #expect(!Self.isHarmful(seen))
    }
}

/// Standard output that takes nothing.
@Suite("Output that goes nowhere", .serialized, .ownThread)
struct OutputTests {
    @Test("a full disk is an error in one sentence", arguments: ["plan", "tokenize", "ask"])
    func fullDisk(_ command: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = PretendServer(in: directory, answering: ["TEXT ask {\"text\":\"hello\",\"ids\":[1]}"])
            let arguments = command == "ask" ? ["--server", server.path, "hello"] : ["--model", "demo"]
            let outcome = try FlotillaProgram.run(
                [command] + arguments,
                in: directory,
                script: #"echo '{"text":"a"}' | "$0" "$@" >/dev/full"#
            )
            #expect(outcome.status == 2 && !outcome.wasSignalled, "\(outcome.errors)")
            #expect(outcome.errors == "flotilla: standard output cannot be written: No space left on device\n")
        }
    }

    @Test("a closed pipe ends a command quietly, as it ends others", arguments: ["plan", "ask"])
    func closedPipe(_ command: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = PretendServer(in: directory, answering: ["TEXT ask {\"text\":\"hello\",\"ids\":[1]}"])
            let arguments = command == "ask" ? ["--server", server.path, "hello"] : ["--model", "demo"]
            let path = directory.appendingPathComponent("pipe").path
            mkfifo(path, 0o600)
            let end = open(path, O_RDWR)
            // The shell opens the pipe, and runs the program when the other end is closed.
            let running = try FlotillaProgram.start(
                [command] + arguments,
                in: directory,
                script: "exec >'\(path)'; while [ ! -e '\(path).go' ]; do sleep 0.05; done; exec \"$0\" \"$@\""
            )
            #expect(Poll.until { Self.isOpen(path, by: running.process.processIdentifier) })
            close(end)
            _ = FileManager.default.createFile(atPath: path + ".go", contents: nil)
            let outcome = running.wait()
            #expect(outcome.wasSignalled && outcome.status == SIGPIPE)
            #expect(outcome.errors.isEmpty)
        }
    }

    /// Whether standard output of a process is that file.
    static func isOpen(_ path: String, by pid: Int32) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/1")) == path
    }

    @Test("a closed standard error costs words, and nothing else")
    func closedErrors() throws {
        try Fixtures.withTemporaryDirectory { directory in
            for script in [#"exec "$0" "$@" 2>&-"#, #"exec "$0" "$@" 2>/dev/full"#] {
                let missing = try FlotillaProgram.run(["plan", "--model", "/nowhere"], in: directory, script: script)
                #expect(missing.status == 4 && !missing.wasSignalled)
                let answer = try FlotillaProgram.run(
                    ["generate", "--model", "demo", "--threads", "1", "--prompt", "what is 3 plus 4?"],
                    in: directory,
                    script: script
                )
                #expect(answer.output == "3 + 4 = 7.\n", "status \(answer.status)")
            }
        }
    }
}
