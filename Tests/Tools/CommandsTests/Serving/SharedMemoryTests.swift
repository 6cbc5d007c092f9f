import Foundation
import Requests
import TestSupport
import Testing

/// What a group that is killed leaves in memory.
@Suite("Memory that ranks of one host share, under a hostfile", .serialized, .ownThread)
struct SharedMemoryTests {
    /// The directories in `/dev/shm` that have a process in their names.
    private static func directories(of pids: [Int32]) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
        return all.filter { name in name.hasPrefix("flotilla-") && pids.contains { name.contains("-\($0)-") } }
    }

    private static func parent(of pid: Int32) throws -> Int32 {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("PPid:") })
        return try #require(Int32(line.dropFirst(5).trimmingCharacters(in: .whitespaces)))
    }

    @Test("mpirun is killed, which is the daemon too: nothing of its ranks stays in /dev/shm")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let hostfile = directory.appendingPathComponent("hosts")
            try "localhost slots=4\n".write(to: hostfile, atomically: true, encoding: .utf8)
            let server = try ServerProcess(["--decoder-ranks", "2", "--hostfile", hostfile.path], in: directory)
            let first = Array(try server.ranks().values)
            #expect(first.count == 3 && Self.directories(of: first).count == 3)
            for pid in first {
                let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
                #expect(maps.contains("/dev/shm/flotilla-") && !maps.contains("/dev/shm/vader_segment"))
            }
            kill(try Self.parent(of: first[0]), SIGKILL)
            #expect(
                Poll.until {
                    (try? server.ranks()).map { $0.count == 3 && Set($0.values).isDisjoint(with: first) } ?? false
                }
            )
            try server.waitUntil(.ready)
            let second = Array(try server.ranks().values)
            #expect(Self.directories(of: second).count == 3)
            // What was not gone when the second group began is so when it ends.
            #expect(server.end().status == 0)
            #expect(Self.directories(of: first + second) == [])
        }
    }
}
