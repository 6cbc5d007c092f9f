import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("MappedFile")
struct MappedFileTests {
    @Test("a Git LFS pointer is told apart from a file", arguments: ["config.json", "model.safetensors"])
    func gitLFS(name: String) throws {
        try Edited.checkpoint("mini-bf16") { directory in
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
            try Data(pointer.utf8).write(to: directory.appendingPathComponent(name))
            let error = #expect(throws: CheckpointError.gitLFSPointer(file: name)) {
                try Checkpoint(directory: directory)
            }
            #expect(error?.hint?.contains("git lfs pull") == true)
        }
    }

    @Test("a directory or a named pipe in the place of a file is refused and does not hang")
    func notRegular() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let pipe = directory.appendingPathComponent("pipe")
            #expect(mkfifo(pipe.path, 0o600) == 0)
            for url in [directory, pipe] {
                let name = url.lastPathComponent
                #expect(throws: CheckpointError.unreadable(file: name, reason: "not a regular file")) {
                    try MappedFile(url)
                }
            }
        }
    }

    @Test("a file that may not be read says so")
    func permission() throws {
        guard geteuid() != 0 else {
            print("SKIPPED: root may read every file")
            return
        }
        try Fixtures.withTemporaryDirectory { directory in
            let url = directory.appendingPathComponent("config.json")
            try Data("{}".utf8).write(to: url)
            #expect(chmod(url.path, 0) == 0)
            #expect(throws: CheckpointError.unreadable(file: "config.json", reason: "Permission denied")) {
                try MappedFile(url)
            }
        }
    }

    @Test("what is not a checkpoint's directory is said plainly")
    func notACheckpoint() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let missing = directory.appendingPathComponent("missing")
            #expect(throws: CheckpointError.notADirectory(missing.path)) { try Checkpoint(directory: missing) }
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(directory: directory) }
            #expect(error == .fileMissing(file: "config.json", directory: directory.path))
            #expect(error?.hint?.contains("checkpoint directory") == true)
            let file = Fixtures.url("mini-bf16/config.json")
            #expect(throws: CheckpointError.notADirectory(file.path)) { try Checkpoint(directory: file) }
        }
    }

    @Test("a configuration file of absurd size is refused unread")
    func tooLarge() throws {
        try Edited.checkpoint("mini-bf16") { directory in
            let config = directory.appendingPathComponent("config.json")
            #expect(truncate(config.path, 17 << 20) == 0)
            let error = CheckpointError.tooLarge(file: "config.json", bytes: 17 << 20, limit: 16 << 20)
            #expect(throws: error) { try Checkpoint(directory: directory) }
        }
    }
}
