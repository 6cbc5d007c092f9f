import Diagnostics
import Foundation
import GroupLink
import TestSupport
import Testing

@testable import GroupLauncher

@Suite("What mpirun is told of a placement")
struct PlacementFilesTests {
    static func spec(_ arguments: [String] = [], _ variables: [String: String] = [:]) throws -> GroupSpec {
        var spec = GroupSpec(decoderRanks: 2, visionRanks: 1, executable: "/x", rankArguments: [])
        spec.environment = variables
        spec.extraMpirunArguments = arguments
        spec.hosts = try Hostfile("a slots=1\nb.c.org slots=1\n")
        return spec
    }

    @Test("the operator's own mapping counts, oversubscription is a wish that we follow")
    func operators() throws {
        for arguments in [["--map-by", "node"], ["-H", "a,b"], ["--mca", "rmaps", "seq"], ["-rf", "x"]] {
            #expect(try Placement.of(Self.spec(arguments)) == nil)
        }
        #expect(try Placement.of(Self.spec([], ["OMPI_MCA_rmaps_base_mapping_policy": "node"])) == nil)
        #expect(throws: LaunchError.self) { try Placement.of(Self.spec()) }
        #expect(try Placement.of(Self.spec(["--oversubscribe"]))?.seats.count == 3)
        #expect(try Placement.of(Self.spec([], ["OMPI_MCA_rmaps_base_oversubscribe": "1"]))?.seats.count == 3)
    }

    @Test("names with a domain stay whole, and names that Open MPI cannot shorten are left long")
    func names() throws {
        let parameters = { (text: String) throws -> [String] in
            var spec = try Self.spec()
            spec.hosts = try Hostfile(text)
            return PlacementFiles.parameters(of: spec, .rankfile("r")).map(\.name)
        }
        #expect(try parameters("a\n10.0.0.3\n") == ["rmaps_rank_file_physical"])
        #expect(try parameters("a.org") == ["rmaps_rank_file_physical", "orte_keep_fqdn_hostnames"])
        #expect(try parameters("a_b\n") == ["rmaps_rank_file_physical", "regx"])
        #expect(try parameters("fd77::1\n") == ["rmaps_rank_file_physical", "regx"])
    }

    @Test("under Slurm mpirun is told of the hosts with ranks alone, or it starts daemons on dead ones")
    func slurm() throws {
        let job = ["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_TASKS_PER_NODE": "2(x3)"]
        var spec = GroupSpec(decoderRanks: 1, visionRanks: 1, executable: "/x", rankArguments: [])
        spec.environment = job
        spec.hosts = try spec.namedHosts()?.without(["n2"])
        let placement = try #require(try Placement.of(spec))
        let scratch = try #require(GroupScratch(parent: FileManager.default.temporaryDirectory.path))
        defer { scratch.remove() }
        _ = try PlacementFiles.write(placement, &spec, to: scratch, in: "/tmp")
        let file = try String(contentsOfFile: #require(spec.hostfile), encoding: .utf8)
        #expect(Set(file.split(separator: "\n").map { $0.prefix(2) }) == ["n1", "n3"])
        #expect(MpirunCommand.mpirunArguments(for: spec).contains("--hostfile"))
    }

    @Test func layoutsAreArguments() throws {
        let spec = try Self.spec()
        let ranks = MpirunCommand.mpirunArguments(for: spec, layout: .rankfile("/r"))
        #expect(Array(ranks.prefix(4)) == ["-np", "3", "--rankfile", "/r"] && !ranks.contains("--bind-to"))
        let sequence = MpirunCommand.mpirunArguments(for: spec, layout: .sequence)
        #expect(Array(sequence.prefix(6)) == ["-np", "3", "--map-by", "seq", "--bind-to", "none"])
    }
}

struct HostFactsTests {
    @Test("read from what grep prints on a host, cores being less than processors with two threads each")
    func parsed() throws {
        let text = """
            /proc/self/status:Name:\tgrep
            /proc/self/status:Cpus_allowed_list:\t0-2,4-7
            /proc/meminfo:MemTotal:       32000 kB
            /proc/meminfo:MemAvailable:   20000 kB
            /sys/devices/system/node/node0/cpulist:0-1,4-5
            /sys/devices/system/node/node1/cpulist:2-3,6-7
            /sys/devices/system/node/node0/meminfo:Node 0 MemTotal:       16000 kB
            /sys/devices/system/node/node1/meminfo:Node 1 MemTotal:       16000 kB
            /sys/devices/system/cpu/cpu0/topology/thread_siblings_list:0,4
            /sys/devices/system/cpu/cpu4/topology/thread_siblings_list:0,4
            /sys/devices/system/cpu/cpu1/topology/thread_siblings_list:1,5
            /sys/devices/system/cpu/cpu5/topology/thread_siblings_list:1,5
            """
        let facts = try #require(HostFacts(parsing: text))
        #expect(
            facts.nodes == [
                .init(number: 0, processors: [0, 1, 4, 5], cores: 2, firstThreads: [4: 0, 5: 1]),
                .init(number: 1, processors: [2, 6, 7], cores: 3),
            ]
        )
        #expect(facts.availableBytes == 20_480_000)
        let poor = text.replacing("Node 1 MemTotal:       16000", with: "Node 1 MemTotal:       0")
        #expect(HostFacts(parsing: poor)?.nodes.map(\.processors) == [[0, 1, 2, 4, 5, 6, 7]])
        #expect(HostFacts(parsing: "motd\nwelcome") == nil)
        #expect(HostFacts(parsing: "/proc/self/status:Cpus_allowed_list:\t0-99999999999") == nil)
        let bare = HostFacts(parsing: "/proc/self/status:Cpus_allowed_list:\t3")
        #expect(bare == HostFacts(nodes: [.init(number: 0, processors: [3], cores: 1)]))
    }

    @Test func thisHostSaysTheSameToBothWays() throws {
        let facts = try #require(HostFacts.ofThisHost())
        #expect(!facts.processors.isEmpty && facts.cores >= 1 && facts.availableBytes ?? 0 > 0)
    }
}

struct SlurmHostsTests {
    @Test("a job's hosts, tasks and processors")
    func job() throws {
        let variables = [
            "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-3],gpu[07,9]", "SLURM_TASKS_PER_NODE": "2(x3),1(x2)",
            "SLURM_JOB_CPUS_PER_NODE": "2(x4),8",
        ]
        let file = try #require(try SlurmHosts.read(variables))
        #expect(file.hosts.map(\.name) == ["n1", "n2", "n3", "gpu07", "gpu9"])
        #expect(file.hosts.map(\.slots) == [2, 2, 2, 2, 8])
        #expect(file.hosts.map(\.processors) == [2, 2, 2, 2, 8])
        #expect(try SlurmHosts.read([:]) == nil)
        #expect(try SlurmHosts.read(["SLURM_JOB_ID": "7"]) == nil)
        // Three nodes of two processors: the three decoder ranks are on three nodes.
        let three = ["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-3]", "SLURM_JOB_CPUS_PER_NODE": "2(x3)"]
        let hosts = try #require(try SlurmHosts.read(three))
        let placement = try Placement(hosts, [:], .init(decoderRanks: 3, visionRanks: 1))
        #expect(PlacementTests.hosts(placement) == ["n1", "n2", "n3", "n3"])
        #expect(placement.seats.map(\.threads) == [2, 2, 2, 1])
    }

    @Test("nonsense names the variable", arguments: ["n[1-", "n[1-99999]", "-x", "a;b"])
    func nonsense(list: String) {
        #expect(throws: UsageError.self) { try SlurmHosts.read(["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": list]) }
    }

    @Test func countsOfNodes() throws {
        #expect(try SlurmHosts.counts("N", ["N": "2(x3),1"], hosts: 4) == [2, 2, 2, 1])
        #expect(try SlurmHosts.counts("N", ["N": "2"], hosts: 4) == nil)
        for text in ["", "x", "2(x", "2(x99999999)", "0", "2,,1", "-1"] {
            #expect(throws: UsageError.self) { try SlurmHosts.counts("N", ["N": text], hosts: 1) }
        }
    }
}
