import Diagnostics
import GroupLauncher
import GroupLink
import Testing

@testable import Frontend

@Suite("Where several groups run")
struct GroupPlacementTests {
    static func spec() -> GroupSpec {
        var spec = GroupSpec(decoderRanks: 2, visionRanks: 1, executable: "/bin/true", rankArguments: [])
        spec.environment = [:]
        return spec
    }

    static func divide(
        _ hosts: String,
        _ groups: Int,
        _ change: (inout GroupSpec) -> Void = { _ in }
    ) throws -> [GroupSpec] {
        var spec = spec()
        change(&spec)
        return try GroupPlacement.divide(Hostfile(hosts), spec, groups)
    }

    @Test("each group has hosts of its own, with the slots that the file says")
    func own() throws {
        let groups = try Self.divide("a slots=3\nb slots=4\nc slots=1\n", 2)
        #expect(groups.map { $0.hosts?.text } == ["b slots=4\n", "a slots=3\nc slots=1\n"])
    }

    @Test("a host that is shared gives each group slots and processors of its own, and its share of the memory")
    func shared() throws {
        let facts = try #require(
            HostFacts.parsed("Cpus_allowed_list:\t0-5", memory: 600 << 10)
        )
        let groups = try Self.divide("me@a slots=6\n", 2) { $0.facts = ["a": facts] }
        #expect(groups.map { $0.hosts?.text } == ["me@a slots=3\n", "me@a slots=3\n"])
        #expect(groups.map { $0.facts["a"]?.processors } == [[0, 1, 2], [3, 4, 5]])
        #expect(groups.map { $0.facts["a"]?.availableBytes } == [300 << 20, 300 << 20])
        let places = try groups.map { try #require(try Placement.of($0)) }
        #expect(places.allSatisfy { $0.seats.map(\.threads) == [1, 1, 1] })
    }

    @Test("slots are cores where the file does not say, and any number where the operator oversubscribes")
    func slots() throws {
        let facts = try #require(HostFacts.parsed("Cpus_allowed_list:\t0-3", memory: 1))
        #expect(throws: LaunchError.self) { try Self.divide("a\n", 2) { $0.facts = ["a": facts] } }
        let groups = try Self.divide("a slots=1\n", 2) { $0.extraMpirunArguments = ["--oversubscribe"] }
        #expect(groups.count == 2)
        #expect(try Self.divide("nobody-knows\n", 2).count == 2)
    }

    @Test("on this host each group keeps to processors of its own")
    func here() throws {
        let facts = try #require(HostFacts.parsed("Cpus_allowed_list:\t0-3,8", memory: 1))
        let groups = try GroupPlacement.onThisHost(Self.spec(), 2, facts: facts)
        #expect(groups.map { $0.spec.exportedEnvironment[RankPlaces.processorsName] } == ["0,1", "2,3,8"])
        #expect(groups.allSatisfy { $0.placement == nil })
    }
}

extension HostFacts {
    /// - Parameter memory: in KiB.
    static func parsed(_ allowed: String, memory: Int) -> HostFacts? {
        HostFacts(parsing: "/proc/self/status:\(allowed)\n/proc/meminfo:MemAvailable: \(memory) kB\n")
    }
}
