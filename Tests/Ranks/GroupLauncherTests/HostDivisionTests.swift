import Diagnostics
import TestSupport
import Testing

@testable import GroupLauncher

@Suite("Hosts of several groups")
struct HostDivisionTests {
    static func hosts(_ slots: [Int], groups: Int, ranks: Int) throws -> [[Int]] {
        try HostDivision(slots: slots, groups: groups, ranks: ranks).groups.map { $0.map(\.host) }
    }

    @Test("whole hosts first, dealt fairly")
    func whole() throws {
        #expect(try Self.hosts([2, 2, 2, 2], groups: 2, ranks: 4) == [[0, 2], [1, 3]])
        #expect(try Self.hosts([2, 2, 2], groups: 3, ranks: 2) == [[0], [1], [2]])
        #expect(try Self.hosts([8, 4, 4], groups: 2, ranks: 3) == [[0], [1, 2]])
        // The fair deal would share a host, and the order of the file does not.
        #expect(try Self.hosts([3, 3, 2, 2, 2], groups: 2, ranks: 6) == [[0, 1], [2, 3, 4]])
    }

    @Test("a host is shared where it must be, and each part knows its place in it")
    func shared() throws {
        let division = try HostDivision(slots: [6], groups: 2, ranks: 3)
        #expect(
            division.groups == [
                [.init(host: 0, slots: 3, before: 0, behind: 3)], [.init(host: 0, slots: 3, before: 3, behind: 0)],
            ]
        )
        let three = try HostDivision(slots: [2, 2, 2], groups: 2, ranks: 3)
        #expect(three.groups.map { $0.reduce(0) { $0 + $1.slots } } == [3, 3])
        // A host of which nothing is known has room for everybody.
        #expect(try Self.hosts([.max], groups: 3, ranks: 2) == [[0], [0], [0]])
    }

    @Test("too few slots are refused in one sentence")
    func tooFew() throws {
        let error = #expect(throws: LaunchError.self) { try HostDivision(slots: [3, 2], groups: 2, ranks: 3) }
        #expect(error?.description == "2 groups of 3 ranks need 6 slots, and the hosts have 5")
        #expect(error?.exitCode == .launchFailed)
    }

    @Test("a storm of hosts: no slot is given twice, each group has enough, and no host is shared without need")
    func storm() throws {
        var random = SeededRandom(seed: 7)
        for _ in 0..<2000 {
            let slots = (0..<Int.random(in: 1...6, using: &random)).map { _ in Int.random(in: 1...6, using: &random) }
            let (groups, ranks) = (Int.random(in: 1...3, using: &random), Int.random(in: 1...6, using: &random))
            let sum = slots.reduce(0) { $0 + min($1, groups * ranks) }
            guard let division = try? HostDivision(slots: slots, groups: groups, ranks: ranks) else {
                #expect(sum < groups * ranks)
                continue
            }
            #expect(division.groups.count == groups && sum >= groups * ranks)
            for group in division.groups { #expect(group.reduce(0) { $0 + $1.slots } >= ranks) }
            for host in slots.indices {
                let parts = division.groups.flatMap { $0 }.filter { $0.host == host }
                #expect(parts.reduce(0) { $0 + $1.slots } <= slots[host])
                var before = 0
                for part in parts {
                    #expect(part.before == before)
                    before += part.slots
                }
            }
            // Where each group finds a host of its own that is large enough, nothing is shared.
            if slots.count(where: { $0 >= ranks }) >= groups {
                #expect(division.groups.allSatisfy { $0.allSatisfy(\.isWhole) }, "\(slots) \(groups) × \(ranks)")
            }
        }
    }

    @Test("groups on one host have processors of their own, whole cores")
    func processors() {
        var node = HostFacts.Node(number: 0, processors: Array(0..<8), cores: 4)
        node.firstThreads = [4: 0, 5: 1, 6: 2, 7: 3]
        let facts = HostFacts(nodes: [node], availableBytes: 100)
        let parts = (0..<2).map { facts.part($0..<$0 + 1, of: 2) }
        #expect(parts.map(\.processors) == [[0, 1, 4, 5], [2, 3, 6, 7]])
        #expect(parts.map(\.cores) == [2, 2] && parts[0].availableBytes == 50)
        #expect(facts.part(0..<3, of: 4).processors == [0, 1, 2, 4, 5, 6])
        // More groups than cores: some have the same one, and none has none.
        #expect(
            (0..<8).map { facts.part($0..<$0 + 1, of: 8).processors } == [0, 0, 1, 1, 2, 2, 3, 3].map { [$0, $0 + 4] }
        )
    }

    @Test("NUMA nodes are divided in their order, so that each group has few of them")
    func nodes() {
        let facts = HostFacts(nodes: [
            .init(number: 0, processors: [0, 1], cores: 2), .init(number: 1, processors: [2, 3], cores: 2),
        ])
        #expect(facts.part(1..<2, of: 2).nodes == [facts.nodes[1]])
        #expect(facts.part(0..<1, of: 1) == facts)
    }
}
