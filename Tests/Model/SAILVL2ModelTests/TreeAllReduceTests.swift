import Foundation
import TestSupport
import Testing

@Suite("The all-reduce between ranks", .serialized, .ownThread)
struct TreeAllReduceTests {
    @Test("the naive tree's bits, the plan's counts, by shared memory and by messages", arguments: 1...5)
    func bits(ranks: Int) throws {
        let shared = try TestRanks.run(ranks, ["allreduce"])
        #expect(shared == "shared=\(ranks > 1) counts=true domains=1 wrong=0\n")
        let messages = try TestRanks.run(ranks, ["allreduce"], environment: ["FLOTILLA_SHARED_MEMORY": "off"])
        #expect(messages == "shared=false counts=true domains=\(ranks) wrong=0\n")
    }

    @Test(
        "hosts with several ranks: memory inside, one speaker a host",
        arguments: ["0,0,1", "0,1,1,1", "0,0,1,1", "0,1,0,1", "0,0,0,1,2", "2,1,1,2,0,0,1"]
    )
    func domains(labels: String) throws {
        let ranks = labels.split(separator: ",")
        let output = try TestRanks.run(ranks.count, ["allreduce", labels])
        #expect(output == "shared=false counts=true domains=\(Set(ranks).count) wrong=0\n")
    }

    @Test(
        "formats of fewer bytes: the same bits on every rank, those that one process foretells",
        arguments: ["0,1", "0,1,2", "0,1,2,3,4", "0,0,1", "0,0,1,1", "0,1,1,1,2"]
    )
    func wire(labels: String) throws {
        let ranks = labels.split(separator: ",")
        let output = try TestRanks.run(ranks.count, ["wire", labels])
        #expect(output == "counts=true domains=\(Set(ranks).count) wrong=0\n")
    }

    @Test("one rank that shares nothing is enough for messages everywhere")
    func oneUnwilling() throws {
        let off = ["-x", "FLOTILLA_SHARED_MEMORY=off", TestRanks.program, "allreduce", ":", "-np", "2"]
        let output = try TestRanks.run(1, ["allreduce"], mpirun: ["--oversubscribe", "--mca", "plm", "isolated"] + off)
        #expect(output == "shared=false counts=true domains=3 wrong=0\n")
    }

    @Test("ranks of two hosts exchange messages")
    func twoHosts() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // A host of another name and start: mpirun's remote shell starts its daemon as such on this machine.
            let agent = directory.appendingPathComponent("agent")
            let boot = directory.appendingPathComponent("boot")
            try "\(UUID().uuidString.lowercased())\n".write(to: boot, atomically: true, encoding: .utf8)
            let id = "mount --bind \(boot.path) /proc/sys/kernel/random/boot_id"
            let script = """
                #!/bin/sh
                name=$1; shift
                exec unshare --user --map-root-user --uts --mount sh -c "hostname $name; \(id) || exit 1; $*"
                """
            try script.write(to: agent, atomically: true, encoding: .utf8)
            chmod(agent.path, 0o755)
            let probe = try ChildProcess(agent.path, ["elsewhere", "true"])
            probe.waitUntilExit()
            guard probe.terminationStatus == 0 else { return print("SKIPPED: this system gives no namespaces") }
            let hosts = directory.appendingPathComponent("hosts")
            try "\(ProcessInfo.processInfo.hostName) slots=2\nelsewhere slots=1\n"
                .write(to: hosts, atomically: true, encoding: .utf8)
            let output = try TestRanks.run(
                3,
                ["allreduce"],
                mpirun: ["--hostfile", hosts.path, "--mca", "plm_rsh_agent", agent.path, "--mca", "btl", "tcp,self"]
            )
            #expect(output == "shared=false counts=true domains=2 wrong=0\n")
        }
    }

    @Test("nothing stays behind when ranks are killed")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let output = directory.appendingPathComponent("output")
            let process = try TestRanks.start(
                3,
                ["endless"],
                output: output,
                mpirun: [
                    "--oversubscribe", "--mca", "plm", "isolated", "--mca", "btl_vader_backing_directory",
                    directory.path,
                ]
            )
            var pids: [Int32] = []
            #expect(
                Poll.until {
                    let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
                    pids = text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
                    return pids.count == 3
                }
            )
            let first = try #require(pids.first)
            let maps = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(first)/maps")).readToEnd() ?? Data()
            let mapped = String(decoding: maps, as: UTF8.self).split(separator: "\n")
            #expect(mapped.contains { $0.contains("memfd:flotilla") }, "the ranks share nothing")
            // Whatever had a name in shared memory would outlive ranks that are killed; what MPI has is in `directory`.
            #expect(mapped.filter { $0.contains("/dev/shm/") && !$0.contains("vader") } == [])
            let before = try Self.sharedFiles()
            for pid in pids { kill(pid, SIGKILL) }
            process.waitUntilExit()
            #expect(try Self.sharedFiles().subtracting(before).isEmpty)
        }
    }

    /// What has a name in shared memory, other groups' message buffers and directories aside.
    private static func sharedFiles() throws -> Set<String> {
        let ofOthers = /^(vader|flotilla-[0-9]+-[0-9]+-)/
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: "/dev/shm").filter { !$0.contains(ofOthers) }
        )
    }

    @Test("a forward pass allocates nothing, on one rank and on two", arguments: [1, 2])
    func allocations(ranks: Int) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let environment = ["LD_PRELOAD": try AllocationCount.library(in: directory).path]
            let model = Fixtures.url("mini-bf16").path
            let output = try TestRanks.run(ranks, ["forward", model], environment: environment)
            let counts = output.split(separator: "\n").compactMap { line in
                line.split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
            }
            #expect(counts.count == 3 * ranks, "\(output)")
            #if DEBUG
            // Without the optimiser, loops over tokens allocate: `swift test -c release` shows the real number.
            #expect(counts.allSatisfy { $0 < 4000 }, "\(output)")
            #else
            #expect(counts.allSatisfy { $0 == 0 }, "\(output)")
            #endif
        }
    }
}
