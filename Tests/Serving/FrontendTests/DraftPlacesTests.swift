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
    static func launch(beside spec: GroupSpec, ranks: Int = 2) -> DraftLaunch {
        var model = RankOptions(model: URL(fileURLWithPath: "/model"))
        (model.decoderRanks, model.threads, model.speculation) = (spec.decoderRanks, 3, .draft)
        let options = DraftLaunch.options(of: model, draft: URL(fileURLWithPath: "/draft"), ranks: ranks)
        return DraftLaunch(options: options, beside: spec, modelName: "draft")
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
