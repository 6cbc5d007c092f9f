import Foundation
import GroupLink
import Testing

@testable import GroupLauncher

struct MpirunCommandTests {
    private func spec(_ change: (inout GroupSpec) -> Void = { _ in }) -> GroupSpec {
        var spec = GroupSpec(
            decoderRanks: 2,
            visionRanks: 1,
            executable: "/bin/flotilla",
            rankArguments: ["rank", "-m"]
        )
        spec.environment = ["PATH": "/bin"]
        change(&spec)
        return spec
    }

    private let local = [
        "--mca", "plm", "isolated", "--mca", "oob_tcp_if_include", "lo", "--mca", "pml", "ob1", "--mca", "btl",
        "self,vader", "--mca", "btl_tcp_if_include", "lo",
    ]
    private let common = [
        "--mca", "mpi_yield_when_idle", "1", "--mca", "odls_base_sigkill_timeout", "0", "--mca",
        "orte_base_help_aggregate", "0", "-x", "FLOTILLA_LINK", "-x", "FLOTILLA_SECRET", "-x", "OPENBLAS_NUM_THREADS",
        "-x", "OMP_NUM_THREADS",
    ]

    @Test func oneHostNeedsNoRemoteShell() {
        #expect(
            MpirunCommand.mpirunArguments(for: spec())
                == ["-np", "3", "--bind-to", "none", "--oversubscribe"] + local + common
                + ["/bin/flotilla", "rank", "-m"]
        )
    }

    private let keepalive = [
        "--mca", "oob_tcp_keepalive_time", "3", "--mca", "oob_tcp_keepalive_intvl", "1", "--mca",
        "oob_tcp_keepalive_probes", "3",
    ]

    @Test func aHostfilesSlotsCountAndCutLinksAreNoticed() {
        let arguments = MpirunCommand.mpirunArguments(for: spec { $0.hostfile = "hosts" })
        #expect(
            arguments == ["-np", "3", "--bind-to", "none", "--hostfile", "hosts"] + keepalive + common
                + ["/bin/flotilla", "rank", "-m"]
        )
    }

    @Test func aSchedulersHostsAreLeftToMpirunAndCutLinksAreNoticed() {
        let arguments = MpirunCommand.mpirunArguments(for: spec { $0.environment["SLURM_JOB_ID"] = "7" })
        #expect(
            arguments == ["-np", "3", "--bind-to", "none"] + keepalive + common + ["/bin/flotilla", "rank", "-m"]
        )
    }

    @Test("Under Slurm, daemons of a group do not wait for processors that a lost group's step still holds")
    func overlappingSteps() throws {
        let address = try #require(LinkAddress("127.0.0.1:1"))
        func overlap(_ variables: [String: String]) throws -> String? {
            let spec = spec { $0.environment.merge(variables) { $1 } }
            return try MpirunCommand.environment(for: spec, addresses: [address], secret: .random())["SLURM_OVERLAP"]
        }
        #expect(try overlap(["SLURM_JOB_ID": "7"]) == "1")
        #expect(try overlap([:]) == nil)
    }

    @Test("What the user says about a parameter counts, and mpirun is told it once")
    func parametersOfTheUser() {
        let arguments = MpirunCommand.mpirunArguments(
            for: spec {
                $0.extraMpirunArguments = ["--mca", "btl", "tcp,self"]
                $0.environment["OMPI_MCA_pml"] = "ucx"
            },
            scratch: "/dev/shm/x"
        )
        #expect(arguments.count { $0 == "btl" } == 1)
        #expect(!arguments.contains("self,vader") && !arguments.contains("pml") && arguments.contains("plm"))
    }

    @Test func ownArgumentsAndVariablesComeLast() {
        let arguments = MpirunCommand.mpirunArguments(
            for: spec {
                $0.extraMpirunArguments = ["--mca", "btl", "tcp,self"]
                $0.exportedEnvironment = ["B": "2", "A": "1"]
            }
        )
        #expect(
            Array(arguments.suffix(10)) == [
                "-x", "A", "-x", "B", "--mca", "btl", "tcp,self", "/bin/flotilla", "rank", "-m",
            ]
        )
    }

    @Test func leftoversOfOneHostHaveAPlaceOfTheirOwn() {
        let arguments = MpirunCommand.mpirunArguments(for: spec(), scratch: "/dev/shm/x")
        let pairs = zip(arguments, arguments.dropFirst()).map { "\($0) \($1)" }
        #expect(pairs.contains("orte_tmpdir_base /dev/shm/x"))
        #expect(pairs.contains("btl_vader_backing_directory /dev/shm/x"))
    }

    @Test func whatAKilledFrontLeftIsRemovedByTheNextOne() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent("scratch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let mine = try #require(GroupScratch(parent: parent))
        let stale = mine.path.replacing("-\(getpid())-", with: "-\(pid_t.max)-")
        try FileManager.default.createDirectory(atPath: stale + "/session", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: parent + "/flotilla-other", withIntermediateDirectories: true)
        let next = try #require(GroupScratch(parent: parent))
        #expect(!FileManager.default.fileExists(atPath: stale))
        next.remove()
        let left = try FileManager.default.contentsOfDirectory(atPath: parent).sorted()
        #expect(left == ["flotilla-other", URL(fileURLWithPath: mine.path).lastPathComponent].sorted())
        #expect(GroupScratch(parent: "/nowhere") == nil)
    }

    @Test func theSecretIsInTheEnvironmentAndNotInTheArguments() throws {
        let (spec, secret) = (spec { $0.exportedEnvironment = ["A": "1"] }, try LinkSecret.random())
        let addresses = [LinkAddress(host: "127.0.0.1", port: 5), LinkAddress(host: "::1", port: 6)]
        let variables = MpirunCommand.environment(for: spec, addresses: addresses, secret: secret, isRoot: false)
        #expect(
            variables == [
                "PATH": "/bin", "A": "1", "FLOTILLA_LINK": "127.0.0.1:5,[::1]:6", "FLOTILLA_SECRET": secret.hexadecimal,
                "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
            ]
        )
        #expect(!MpirunCommand.mpirunArguments(for: spec).joined().contains(secret.hexadecimal))
        let asRoot = MpirunCommand.environment(for: spec, addresses: addresses, secret: secret, isRoot: true)
        #expect(asRoot["OMPI_ALLOW_RUN_AS_ROOT"] == "1")
        #expect(asRoot["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] == "1")
    }

    @Test func theLinkIsWhereTheRanksCanReachIt() throws {
        #expect(try LinkPlace.choose(for: spec()) == LinkPlace(hosts: ["127.0.0.1"]))
        #expect(try LinkPlace.choose(for: spec { $0.linkHost = "head" }) == LinkPlace(hosts: ["head"]))
        let slurm = spec { $0.environment["SLURM_JOB_ID"] = "7" }
        #expect(try LinkPlace.choose(for: slurm) == LinkPlace(hosts: ["*"], advertisedHosts: [Machine.hostName]))
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("hosts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "localhost slots=2\n127.0.0.2 slots=2\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try LinkPlace.choose(for: spec { $0.hostfile = path }) == LinkPlace(hosts: ["127.0.0.1"]))
        #expect(throws: LaunchError("the hostfile /nowhere cannot be read")) {
            try LinkPlace.choose(for: spec { $0.hostfile = "/nowhere" })
        }
    }

    @Test func linesAreSplitWhereverTheBytesAreCutAndAreBounded() {
        var splitter = LineSplitter(limit: 4)
        #expect(splitter.feed(Array("a\r\n\nbc".utf8)) == ["a", ""])
        #expect(splitter.feed(Array("d\nabcdefghi".utf8)) == ["bcd", "abcd", "efgh"])
        #expect(splitter.flush() == "i")
        #expect(splitter.flush() == nil)
    }
}
