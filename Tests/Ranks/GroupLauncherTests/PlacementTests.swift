import Diagnostics
import Foundation
import GroupLink
import TestSupport
import Testing

@testable import GroupLauncher

@Suite("Where ranks run")
struct PlacementTests {
    static func facts(_ cores: Int, nodes: Int = 1, bytes: Int? = nil) -> HostFacts {
        HostFacts(
            nodes: (0..<nodes).map { node in
                let each = cores / nodes
                return .init(number: node, processors: Array(node * each..<(node + 1) * each), cores: each)
            },
            availableBytes: bytes
        )
    }

    static func place(
        _ hosts: String,
        _ facts: [String: HostFacts] = [:],
        _ decoders: Int,
        _ visions: Int,
        threads: Int? = nil,
        bytes: [Int] = []
    ) throws -> Placement {
        var demand = Placement.Demand(decoderRanks: decoders, visionRanks: visions, threads: threads)
        demand.bytes = bytes
        return try Placement(Hostfile(hosts), facts, demand)
    }

    static func hosts(_ placement: Placement) -> [String] {
        placement.seats.indices.map { placement.host(of: $0).name }
    }

    @Test("decoder ranks go round the hosts, a vision rank to where least is")
    func round() throws {
        let three = "a slots=2\nb slots=2\nc slots=2\n"
        #expect(try Self.hosts(Self.place(three, [:], 3, 1)) == ["a", "b", "c", "c"])
        #expect(try Self.hosts(Self.place(three, [:], 2, 1)) == ["a", "b", "c"])
        #expect(try Self.hosts(Self.place(three, [:], 4, 2)) == ["a", "a", "b", "c", "c", "b"])
        #expect(try Self.hosts(Self.place("a slots=1\nb slots=4", [:], 3, 1)) == ["a", "b", "b", "b"])
        let large = ["a": Self.facts(4), "b": Self.facts(4), "c": Self.facts(32)]
        #expect(try Self.hosts(Self.place(three, large, 3, 1)).last == "c")
        let largeFirst = ["a": Self.facts(32), "b": Self.facts(4), "c": Self.facts(4)]
        #expect(try Self.hosts(Self.place(three, largeFirst, 3, 1)).last == "a")
    }

    @Test("vision ranks that are to be spread are on one host each as far as slots go, however large the hosts are")
    func spread() throws {
        let four = "a slots=2\nb slots=2\nc slots=2\nd slots=2\n"
        let facts = ["a": Self.facts(2), "b": Self.facts(2), "c": Self.facts(64), "d": Self.facts(2)]
        for (decoders, visions) in [(4, 4), (3, 4), (1, 4), (2, 3)] {
            var demand = Placement.Demand(decoderRanks: decoders, visionRanks: visions)
            demand.spreadsVision = true
            let placement = try Placement(Hostfile(four), facts, demand)
            #expect(Set(Self.hosts(placement)[decoders...]).count == visions, "\(decoders) + \(visions)")
        }
        // Of equal hosts nobody gets a second one first either.
        #expect(try Set(Self.hosts(Self.place(four, [:], 3, 4))[3...]).count == 4)
    }

    @Test("one vision rank a host is as many as hosts have slots beside the decoder ranks")
    func oneEach() throws {
        #expect(try Hostfile("a slots=2\nb slots=2\nc slots=2").visionRanks(beside: 3) == 3)
        #expect(try Hostfile("a slots=2\nb slots=2").visionRanks(beside: 3) == 1)
        #expect(try Hostfile("a slots=1\nb slots=1").visionRanks(beside: 2) == 1, "the launcher says what is missing")
        #expect(try Hostfile("a\nb\nc").visionRanks(beside: 5) == 3)
        #expect(try Hostfile("a slots=4\nb slots=4\nc slots=4\nd slots=4").visionRanks(beside: 1, groups: 2) == 2)
    }

    @Test("threads are the cores of the place, shared by its decoder ranks as if they were alone")
    func threads() throws {
        let facts = ["a": Self.facts(8), "b": Self.facts(32)]
        let placement = try Self.place("a slots=4\nb slots=4", facts, 3, 1)
        #expect(Self.hosts(placement) == ["a", "a", "b", "b"])
        #expect(placement.seats.map(\.threads) == [4, 4, 32, 1])
        #expect(placement.seats.map(\.helpers) == [0, 0, 0, 31], "a vision rank's others give way to the decoder rank")
        #expect(try Self.place("a slots=4\nb slots=4", facts, 3, 1, threads: 2).seats.map(\.threads) == [2, 2, 2, 2])
        let alone = try Self.place("a slots=1\nb slots=2", facts, 1, 2)
        #expect(Self.hosts(alone) == ["a", "b", "b"] && alone.seats.map(\.threads) == [8, 16, 16])
        #expect(alone.seats.map(\.helpers) == [0, 0, 0], "nobody is there to give way to")
        #expect(try Self.place("a slots=4", [:], 3, 1).seats.map(\.threads) == [nil, nil, nil, nil])
    }

    @Test("NUMA nodes are places of their own, and ranks are bound to them by the kernel's numbers")
    func nodes() throws {
        let placement = try Self.place(
            "a slots=4\nb slots=4",
            ["a": Self.facts(8, nodes: 2), "b": Self.facts(4)],
            3,
            1
        )
        #expect(placement.seats.map { placement.places[$0.place].node } == [0, 1, nil, 1])
        #expect(placement.seats.map(\.threads) == [4, 4, 4, 1])
        // It is kept on its node, and they may go to the other one too.
        #expect(placement.seats[3].helpers == 7 && placement.helperProcessors == [3: Array(0..<8)])
        #expect(
            placement.rankfile
                == "rank 0=a slot=0-3\nrank 1=a slot=4-7\nrank 2=b slot=0-3\nrank 3=a slot=4-7\n"
        )
        #expect(placement.usedHosts.text == "a slots=3\nb slots=1\n")
        #expect(placement.rankPlaces.text == "0:4,1:4,2:4,1:1:7")
        // Nobody is on the second node but the vision rank, which has helpers beside the decoder rank on the first.
        let free = try Self.place("a slots=4", ["a": Self.facts(8, nodes: 2)], 1, 1)
        #expect(free.rankPlaces.text == "0:4,1:4:4" && free.helperProcessors == [1: Array(0..<8)])
        #expect(try Self.place("a slots=2\nb slots=2", ["a": Self.facts(4)], 2, 1).rankfile == nil)
        #expect(try Self.place("x@a slots=2\nb slots=2", [:], 2, 1).sequence == "x@a\nb\nb\n")
        #expect(Placement.list([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8")
    }

    @Test("a host takes what it has the memory for; what fits nowhere is refused by name")
    func memory() throws {
        let facts = ["a": Self.facts(2, bytes: 10 << 30), "b": Self.facts(2, bytes: 30 << 30)]
        let gibibytes = [12 << 30, 9 << 30, 12 << 30, 1 << 30]
        let placement = try Self.place("a slots=4\nb slots=4", facts, 3, 1, bytes: gibibytes)
        #expect(Self.hosts(placement) == ["b", "a", "b", "a"])
        let error = #expect(throws: HostMemoryError.self) {
            try Self.place("a slots=4\nb slots=4", facts, 3, 1, bytes: gibibytes.map { $0 * 2 })
        }
        #expect(error?.exitCode == .outOfMemory)
        #expect(
            error?.description
                == "decoder rank 1 needs 18.00 GiB, and no host has them: a has 10.00 GiB of memory to give"
        )
    }

    @Test func fewerSlotsThanRanks() {
        let error = #expect(throws: LaunchError.self) { try Self.place("a slots=1\nb slots=1", [:], 2, 1) }
        #expect(error?.description == "3 ranks are asked for, and the 2 hosts have 2 slots")
    }

    @Test("in any cluster: nobody has more than slots or memory, and decoder ranks differ by one where there is room")
    func storm() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<5000 {
            let count = Int.random(in: 1...6, using: &random)
            let slots = (0..<count).map { _ in Int.random(in: 1...5, using: &random) }
            let text = slots.enumerated().map { "n\($0) slots=\($1)\n" }.joined()
            var facts: [String: HostFacts] = [:]
            for host in 0..<count where Bool.random(using: &random) {
                let nodes = Int.random(in: 1...2, using: &random)
                let bytes = Bool.random(using: &random) ? Int.random(in: 0...12, using: &random) : nil
                facts["n\(host)"] = Self.facts(
                    nodes * Int.random(in: 1...8, using: &random),
                    nodes: nodes,
                    bytes: bytes
                )
            }
            let decoders = Int.random(in: 1...8, using: &random)
            let visions = Int.random(in: 1...3, using: &random)
            let bytes = (0..<decoders + visions).map { _ in Int.random(in: 0...5, using: &random) }
            let placement: Placement
            do {
                placement = try Self.place(text, facts, decoders, visions, bytes: bytes)
            } catch is LaunchError {
                #expect(slots.reduce(0, +) < decoders + visions)
                continue
            } catch { continue }
            #expect(placement.seats.count == decoders + visions)
            for host in 0..<count {
                let mine = placement.ranks(on: host)
                #expect(mine.count <= slots[host])
                if let most = placement.availableBytes[host] { #expect(mine.reduce(0) { $0 + bytes[$1] } <= most) }
                let here = mine.count { $0 < decoders }
                let isTight = placement.availableBytes.contains { $0 != nil }
                for other in 0..<count where !isTight && here < slots[host] {
                    #expect(placement.ranks(on: other).count { $0 < decoders } <= here + 1)
                }
            }
            let told = RankPlaces(placement.rankPlaces.text, worldSize: decoders + visions)
            #expect(told == placement.rankPlaces)
        }
    }
}
