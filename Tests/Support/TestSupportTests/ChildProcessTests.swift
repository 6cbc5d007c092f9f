import Foundation
import TestSupport
import Testing

@Suite("Programs that tests start", .ownThread)
struct ChildProcessTests {
    @Test("statuses, signals, output, errors, environment and directory are the program's")
    func outcomes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let (output, errors) = (directory.appendingPathComponent("out"), directory.appendingPathComponent("err"))
            let script = "echo $COLOUR; pwd -P; echo oops >&2; exit 7"
            let shell = try ChildProcess(
                "sh",
                ["-c", script],
                environment: ["COLOUR": "red"],
                in: URL(fileURLWithPath: "/usr"),
                output: .file(output),
                errors: .file(errors)
            )
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 7 && !shell.wasSignalled && !shell.isRunning)
            #expect(try String(contentsOf: output, encoding: .utf8) == "red\n/usr\n")
            #expect(try String(contentsOf: errors, encoding: .utf8) == "oops\n")
            let asleep = try ChildProcess("sleep", ["1000"])
            #expect(asleep.isRunning)
            asleep.terminate()
            asleep.waitUntilExit()
            #expect(asleep.wasSignalled && asleep.terminationStatus == SIGTERM)
        }
    }

    @Test("a program that is not there ends with 127")
    func missing() throws {
        let nothing = try ChildProcess("/nowhere/at/all", [])
        nothing.waitUntilExit()
        #expect(nothing.terminationStatus == 127 && !nothing.wasSignalled)
    }
}
