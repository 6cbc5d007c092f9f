import Foundation
import Requests
import TestSupport
import Testing

@testable import GroupLauncher

@Suite("The shared memory of a group of one host", .serialized, .onThread, .timeLimit(.minutes(5)))
struct MessageMemoryTests {
    static func choose(_ free: [String: Int?]) -> MessageMemory.Choice {
        MessageMemory.choose(ranks: 3, parents: ["/dev/shm", "/tmp"]) { free[$0] ?? nil }
    }

    @Test("Where there is room, by default in memory; the operator is told of anything else")
    func places() {
        let enough = MessageMemory.bytes(ranks: 3)
        #expect(Self.choose(["/dev/shm": enough, "/tmp": enough]) == .init(parent: "/dev/shm"))
        let moved = Self.choose(["/dev/shm": 1 << 20, "/tmp": enough])
        #expect(moved.parent == "/tmp" && moved.isShared)
        #expect(moved.warning?.hasPrefix("/dev/shm has 1.0 MiB free, and Open MPI needs 22.6 MiB for 3 ranks") == true)
        let none = Self.choose(["/dev/shm": 1 << 20, "/tmp": enough - 1])
        #expect(none.parent == "/tmp" && !none.isShared && none.warning?.contains("loopback") == true)
        #expect(Self.choose(["/dev/shm": nil, "/tmp": nil]).parent == nil)
    }

    @Test("Messages without shared memory go over the loopback interface")
    func arguments() {
        let spec = TestProgram.spec()
        let pairs = { (shares: Bool) in
            let list = MpirunCommand.mpirunArguments(for: spec, sharesMemory: shares)
            return zip(list, list.dropFirst()).map { "\($0) \($1)" }
        }
        #expect(pairs(true).contains("btl self,vader"))
        #expect(pairs(false).contains("btl self,tcp"))
        #expect(pairs(false).contains("btl_tcp_if_include lo"))
    }

    /// In a mount namespace of its own, since nobody may make the machine's `/dev/shm` smaller.
    @Test("A group works though /dev/shm has 1 MiB", arguments: ["1m", "64m"])
    func smallMemory(size: String) throws {
        let front = Process()
        let output = Pipe()
        front.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let mount = "mount -t tmpfs -o size=\(size) tmpfs /dev/shm && exec \(TestProgram.path) front 3 mpi"
        front.arguments = ["unshare", "-m", "sh", "-c", "\(mount) || exit 99"]
        front.standardOutput = output
        front.standardError = FileHandle.nullDevice
        try front.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard !line.isEmpty else {
            front.waitUntilExit()
            #expect([1, 32, 99].contains(front.terminationStatus), "not for want of the right to mount")
            return print(
                "SKIPPED: /dev/shm cannot be made smaller here (not root): the test of a small one did not run"
            )
        }
        #expect(line.split(separator: " ").count == 4, "\(line)")
        // Formed means that they have said hello; MPI_Init follows, and a message from each.
        usleep(2_000_000)
        #expect(front.isRunning, "\(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self))")
        kill(front.processIdentifier, SIGTERM)
        front.waitUntilExit()
        #expect(front.terminationStatus == SIGTERM)
    }
}
