import Foundation
import TestSupport
import Testing

@testable import GroupLauncher

struct HostfileTests {
    static let text = "# hosts\nnode1 slots=2 # two\n\n  root@node2  max_slots=4\n10.0.0.3 slots=1\nnode4\n"

    @Test("Read as Open MPI does")
    func read() throws {
        let file = try Hostfile(Self.text)
        #expect(file.hosts.map(\.name) == ["node1", "node2", "10.0.0.3", "node4"])
        #expect(file.hosts.map(\.slots) == [2, 4, 1, nil])
        #expect(file.slots == nil, "a line that does not say")
        let rest = file.without(["node2", "node4", "node9"])
        #expect(rest.slots == 3)
        #expect(rest.text == "node1 slots=2\n10.0.0.3 slots=1\n")
        #expect(file.text == "node1 slots=2\nroot@node2 slots=4\n10.0.0.3 slots=1\nnode4\n")
    }

    static func spec(_ change: (inout GroupSpec) -> Void = { _ in }) -> GroupSpec {
        var spec = GroupSpec(decoderRanks: 1, visionRanks: 1, executable: "/x", rankArguments: [])
        change(&spec)
        return spec
    }

    @Test("The remote shell is the one that mpirun would take")
    func agent() {
        #expect(HostSurvey.agent(in: Self.spec { $0.environment = [:] }) == ["ssh"])
        let environment = ["OMPI_MCA_plm_rsh_agent": "rsh : ssh"]
        #expect(HostSurvey.agent(in: Self.spec { $0.environment = environment }) == ["rsh"])
        let given = Self.spec {
            $0.environment = environment
            $0.extraMpirunArguments = ["--mca", "plm_rsh_agent", "ssh -p 2222", "--tag-output"]
        }
        #expect(HostSurvey.agent(in: given) == ["ssh", "-p", "2222"])
    }

    @Test(
        "Hosts that refuse, or never answer, are missing; this host is not asked",
        .timeLimit(.minutes(20))
    )
    func survey() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("flotilla-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let agent = directory.appendingPathComponent("agent").path
        let script =
            "#!/bin/sh\ncase $1 in up) exec $2;; down) exit 255;; asleep) exec sleep 100000;; *) touch \(directory.path)/asked;; esac\n"
        try script.write(toFile: agent, atomically: true, encoding: .utf8)
        chmod(agent, 0o755)
        let spec = Self.spec { $0.environment["OMPI_MCA_plm_rsh_agent"] = agent }
        let file = try Hostfile("localhost slots=1\nasleep slots=1\nup slots=1\ndown slots=1\n")
        // A host that answers is no missing one, if only it is given the time.
        for patience in [8, 60, 300] {
            let missing = await HostSurvey(spec, patience: .seconds(patience)).missing(in: file)
            #expect(missing == ["asleep", "down"] || (patience < 300 && missing == ["asleep", "up", "down"]))
            if missing == ["asleep", "down"] { break }
        }
        // Nobody waits a minute for a host that is suspected of being lost.
        let patient = HostSurvey(spec, patience: .seconds(600))
        #expect(await patient.missing(in: file, hurrying: ["asleep"]) == ["asleep", "down"])
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/asked"))
        let none = Self.spec { $0.environment = ["PATH": "/nowhere"] }
        #expect(await HostSurvey(none).missing(in: file) == ["asleep", "up", "down"])
    }
}
