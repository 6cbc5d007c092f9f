import Foundation
import TestSupport
import Testing

/// What `synth` and `pack` leave on a disk that is full: a file system in memory, in a mount namespace of the test's own.
@Suite(
    "A full disk",
    .ownThread,
    .enabled(if: MountNamespace.isAllowed, "needs to be root, to mount a small file system")
)
struct FullDiskTests {
    static let model = Fixtures.url("mini-f32")
    static let commands = [
        ["synth", "--shape", model.appendingPathComponent("config.json").path],
        ["pack", "--model", model.path, "--format", "q8"],
    ]

    /// Runs `command --out` on a new file system, and lists what is there afterwards, as the lines of the output.
    private func run(_ command: [String], mount options: String, in directory: URL) throws -> FlotillaProgram.Outcome {
        let disk = directory.appendingPathComponent("disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        let script =
            #"mount -t tmpfs -o "$1" tmpfs "$2" && cd "$2" && shift 2 && { "$@"; status=$?; ls -A; exit $status; }"#
        let words = ["-m", "sh", "-c", script, "sh", options, disk.path, FlotillaProgram.executable.path]
        return try MountNamespace.run(words + command + ["--out", "made"], in: directory).wait()
    }

    @Test("a disk that is too small is told before anything is written", arguments: commands)
    func tooSmall(command: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try run(command, mount: "size=4m", in: directory)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome.output)")
            #expect(outcome.errors.contains("made cannot be written: the checkpoint needs"), "\(outcome.errors)")
        }
    }

    @Test("a disk that fills up meanwhile is told in one sentence, and nothing is left", arguments: commands)
    func fillsUp(command: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            // Room for the bytes, but not for as many files.
            let outcome = try run(command, mount: "size=64m,nr_inodes=5", in: directory)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome.output)")
            #expect(
                outcome.errors.contains("cannot be written: its disk is full\n  hint: make room"),
                "\(outcome.errors)"
            )
        }
    }

    @Test("with room enough there is one directory, and nothing else", arguments: commands)
    func fits(command: [String]) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let outcome = try run(command, mount: "size=64m", in: directory)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.split(separator: "\n").last == "made", "\(outcome.output)")
        }
    }
}

/// Processes that see mounts which nobody else sees.
enum MountNamespace {
    static func run(_ arguments: [String], in directory: URL) throws -> FlotillaProgram.Running {
        try FlotillaProgram.start(arguments, of: URL(fileURLWithPath: "/usr/bin/unshare"), in: directory)
    }

    static let isAllowed: Bool = {
        let outcome = try? Fixtures.withTemporaryDirectory { directory in
            try run(["-m", "mount", "-t", "tmpfs", "tmpfs", directory.path], in: directory).wait()
        }
        return outcome?.status == 0
    }()
}
