import Checkpoints
import Diagnostics
import Foundation
import GroupLauncher
import GroupLink
import RankProgram
import TestSupport
import Testing
import Tokenization

@testable import Frontend

@Suite("Where a draft model's ranks run")
struct DraftPlacesTests {
    static func launch(beside spec: GroupSpec, ranks: Int = 2, bytes: [Int] = []) -> DraftLaunch {
        var model = RankOptions(model: URL(fileURLWithPath: "/model"))
        (model.decoderRanks, model.threads, model.speculation) = (spec.decoderRanks, 3, .draft)
        let options = DraftLaunch.options(of: model, draft: URL(fileURLWithPath: "/draft"), ranks: ranks)
        return DraftLaunch(options: options, beside: spec, modelName: "draft", bytes: bytes)
    }

    @Test("cores enough to guess a step's tokens while it lasts, no more than half, and none where there are too few")
    func cores() {
        func cores(_ all: Int, _ decoders: Int, _ bytes: (Int, Int), threads: Int? = nil) -> Int {
            DraftLaunch.cores(of: all, draftRanks: 1, decoderRanks: decoders, bytes: bytes, threads: threads)
        }
        #expect(cores(16, 2, (1, 8)) == 5 && cores(16, 2, (1, 1)) == 8 && cores(64, 1, (1, 100)) == 2)
        #expect(cores(2, 1, (1, 8)) == 1 && cores(2, 2, (1, 8)) == 0 && cores(1, 1, (1, 8)) == 0)
        #expect(cores(16, 2, (1, 8), threads: 6) == 4 && cores(4, 2, (1, 8), threads: 2) == 0)
        for all in 1...20 {
            for decoders in 1...6 {
                let mine = cores(all, decoders, (3, 5))
                #expect(mine >= 0 && (mine == 0 || all - mine >= decoders), "\(all) cores, \(decoders) ranks")
            }
        }
    }

    @Test("on this host the group and its draft model keep to processors of their own")
    func divided() throws {
        let facts = try #require(HostFacts.parsed("Cpus_allowed_list:\t0-5", memory: 600 << 10))
        var group = GroupPlacement.Group(spec: GroupPlacementTests.spec())
        var launch = Self.launch(beside: group.spec)
        try launch.divide(&group, bytes: (1, 8), facts: facts)
        #expect(group.spec.exportedEnvironment[RankPlaces.processorsName] == "0,1,2,3")
        #expect(launch.spec.exportedEnvironment[RankPlaces.processorsName] == "4,5")
        #expect(launch.options.threads == nil)
        var small = GroupPlacement.Group(spec: GroupPlacementTests.spec())
        var beside = Self.launch(beside: small.spec)
        let few = try #require(HostFacts.parsed("Cpus_allowed_list:\t0-1", memory: 600 << 10))
        try beside.divide(&small, bytes: (1, 8), facts: few)
        #expect(beside.options.threads == 1 && small.spec.exportedEnvironment.isEmpty)
    }

    @Test("with a hostfile on the hosts of the vision ranks, in a world and with a link of its own")
    func joined() throws {
        var spec = GroupPlacementTests.spec()
        spec.visionRanks = 2
        spec.secret = try LinkSecret.random()
        spec.linkPort = 7071
        spec.hosts = try Hostfile("a slots=2\nb slots=1\nc slots=1\n")
        let placement = try #require(try Placement.of(spec))
        var launch = Self.launch(beside: spec)
        launch.join(visionRanksOf: placement, decoderRanks: 2)
        let names = Set((2..<4).map { placement.host(of: $0).name })
        #expect(Set(launch.spec.hosts?.hosts.map(\.name) ?? []) == names)
        #expect(launch.spec.hosts?.hosts.allSatisfy { $0.slots == 3 } == true)
        #expect(launch.spec.secret == nil && launch.spec.linkPort == 0 && launch.spec.worldSize == 3)
        let arguments = launch.launchSpec.rankArguments
        #expect(arguments.contains("--draft-lead") && !arguments.contains("draft"), "\(arguments)")
        #expect(try Placement.of(launch.launchSpec)?.seats.count == 3)
    }

    /// A group of two decoder ranks of 10 MiB and a vision rank of 20, on two hosts with so many MiB each.
    private static func spec(mebibytes: Int) throws -> GroupSpec {
        let facts = try #require(HostFacts.parsed("Cpus_allowed_list:\t0-3", memory: mebibytes << 10))
        var spec = GroupPlacementTests.spec()
        spec.hosts = try Hostfile("a slots=2\nb slots=2\n")
        spec.facts = ["a": facts, "b": facts]
        spec.bytesOfRanks = { decoders in Array(repeating: 10 << 20, count: decoders) + [20 << 20] }
        return spec
    }

    @Test("beside the group's ranks a host must have the memory for those of a draft model, also where they move later")
    func memory() throws {
        // On host b a decoder rank and the vision rank take 30 MiB; the draft model's ranks need 15.
        for (mebibytes, fits) in [(44, false), (45, true)] {
            var spec = try Self.spec(mebibytes: mebibytes)
            let placement = try #require(try Placement.of(spec))
            #expect(placement.host(of: 2).name == "b" && placement.ranks(on: 1).count == 2)
            var launch = Self.launch(beside: spec, ranks: 1, bytes: [10 << 20, 5 << 20])
            for _ in 0..<2 { launch.join(visionRanksOf: placement, decoderRanks: 2) }
            #expect(launch.spec.facts["b"]?.availableBytes == (mebibytes - 30) << 20)
            if fits {
                #expect(try Placement.of(launch.launchSpec)?.seats.count == 2)
            } else {
                #expect(throws: HostMemoryError.self) { try Placement.of(launch.launchSpec) }
            }
            // Host b is lost, and all ranks are on a, where 40 MiB are the group's.
            spec.hosts = try Hostfile("a slots=3\n")
            launch.join(visionRanksOf: try #require(try Placement.of(spec)), decoderRanks: 2)
            #expect(launch.spec.facts["a"]?.availableBytes == (mebibytes - 40) << 20)
            #expect(throws: HostMemoryError.self) { try Placement.of(launch.launchSpec) }
        }
    }

    @Test("a draft model for which there is no memory is left out at once, with a word of it", .ownThread)
    func leftOut() throws {
        var spec = try Self.spec(mebibytes: 44)
        (spec.linkHost, spec.environment) = ("127.0.0.1", ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? ""])
        guard ProgramSearch.find("mpirun", in: spec.environment) != nil else {
            return print("SKIPPED: mpirun is not there, so that no draft model's ranks can be left out")
        }
        var launch = Self.launch(beside: spec, ranks: 1, bytes: [10 << 20, 5 << 20])
        launch.join(visionRanksOf: try #require(try Placement.of(spec)), decoderRanks: 2)
        let notes = EventQueue<String>()
        let group = DraftGroup(launch) {
            notes.push($0)
        } offer: { _ in
        }
        let note = try #require(notes.next(within: .seconds(Watchdog.seconds)))
        #expect(note.contains("answers go on without its guesses") && note.contains("memory"), "\(note)")
        #expect(group.status.phase == .off)
        group.finish(byForce: true)
    }

    @Test("a checkpoint of other tokens cannot guess, and one of the same can")
    func fits() throws {
        let model = try Checkpoint(directory: Fixtures.url("mini-bf16"))
        let tokenizer = try Tokenizer(directory: model.directory)
        try DraftFit.check(try Checkpoint(directory: Fixtures.url("mini-f32")), tokenizer, for: model, tokenizer)
        let demo = Fixtures.root.appendingPathComponent("Sources/Tools/DemoModel/Resources/demo")
        let other = try Checkpoint(directory: demo)
        for draftTokenizer in [tokenizer, try Tokenizer(directory: demo)] {
            #expect(throws: UsageError.self) { try DraftFit.check(other, draftTokenizer, for: model, tokenizer) }
        }
    }
}
