import Checkpoints
import Diagnostics
import Foundation
import GroupLink
import ImagePreprocessing
import Requests
import TestSupport
import Testing

@testable import RankProgram

@Suite("What the leader tells the process in front", .ownThread)
struct LeaderReportTests {
    /// A group in this process, and the report that a test waits for.
    struct Group {
        let group = LocalGroup()

        init(context: Int = 512) throws {
            let directory = Fixtures.url("mini-f32")
            var options = RankOptions(model: directory)
            options.cacheTokens = context
            options.threads = 1
            group.start(try Checkpoint(directory: directory), options: options)
        }

        /// The first report that `body` makes something of.
        func wait<T>(_ body: (LinkReport) -> T?) throws -> T {
            while let report = group.nextReport(within: .seconds(200)) {
                if let found = body(report.message) { return found }
            }
            throw Silence()
        }

        func failure() throws -> RankFailure {
            try wait { if case .failed(let failure) = $0 { failure } else { nil } }
        }
    }

    struct Silence: Error {}

    static func job(_ id: String, prompt: Int = 5, max: Int) -> GenerateJob {
        var job = GenerateJob(id: id, promptIds: (0..<Int32(prompt)).map { $0 % 50 + 300 })
        job.sampling.maxTokens = max
        return job
    }

    @Test("A cancelled job's pages are told to be free at once, without another step")
    func cancelling() throws {
        let group = try Group()
        group.group.send(.generate(Self.job("a", max: 400)))
        let used = try group.wait { report -> Int? in
            if case .step(let step) = report, !step.tokens.isEmpty { step.load.usedPages } else { nil }
        }
        #expect(used > 0)
        group.group.send(.cancel(id: "a"))
        let finish = try group.wait { if case .finished("a", let summary) = $0 { summary.reason } else { nil } }
        #expect(finish == .cancelled)
        let load = try group.wait { if case .step(let step) = $0 { step.load } else { nil } }
        #expect(load.usedPages == 0 && load.running == 0 && load.waiting == 0)
        group.group.send(.shutdown)
    }

    @Test("A job that waits for its picture is told to be there, though no step can be made of it")
    func waiting() throws {
        let group = try Group()
        var job = Self.job("a", prompt: 40, max: 2)
        job.images = [.init(number: 3, contentKey: "x", tiles: 1, start: 0, count: 16)]
        group.group.send(.generate(job))
        let load = try group.wait { report -> LeaderLoad? in
            if case .step(let step) = report, step.load.running == 1 { step.load } else { nil }
        }
        #expect(load.usedPages > 0)
        group.group.send(.shutdown)
    }

    @Test("Of a job with a picture, its being there is told before a tile is encoded, and each tile before the next")
    func tiles() throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let picture = try Data(contentsOf: Fixtures.url("images/wide.png"))
        let encoder = TileEncoder(checkpoint, format: .native, threads: 1)
        let count = try encoder.tileCount(of: [UInt8](picture), cut: nil)
        let tokens = count * encoder.tokensPerTile
        var job = Self.job("a", prompt: tokens + 6, max: 2)
        job.images = [.init(number: 3, contentKey: "x", tiles: count, start: 2, count: tokens)]
        let group = try Group(context: 4096)
        group.group.send(.encode(ImageJob(number: 3)), attachment: picture)
        group.group.send(.generate(job))
        var steps: [StepReport] = []
        _ = try group.wait { report -> Bool? in
            if case .step(let step) = report { steps.append(step) }
            if case .finished = report { return true }
            return nil
        }
        let first = try #require(steps.first)
        #expect(first.tiles.isEmpty && first.load.running + first.load.waiting == 1)
        #expect(count > 2 && steps.map(\.tiles.count).max() == 1 && steps.flatMap(\.tiles).count == count)
        group.group.send(.shutdown)
    }

    @Test("A refusal says of which kind it is")
    func refusals() throws {
        let group = try Group()
        group.group.send(.generate(Self.job("long", prompt: 500, max: 100)))
        let long = try group.failure()
        #expect(long.kind == .tooLong && long.kind.code == .tooLong && long.exitCode == ExitCode.usage.rawValue)
        group.group.send(.generate(Self.job("none", max: 0)))
        #expect(try group.failure().kind == .badRequest)
        var unknown = Self.job("unknown", max: 3)
        unknown.promptIds[2] = .max
        group.group.send(.generate(unknown))
        let failure = try group.failure()
        #expect(failure.kind.code == .badArgument && failure.id == "unknown")
        group.group.send(.encode(ImageJob(number: 9)), attachment: Data("no picture".utf8))
        let picture = try group.failure()
        #expect(picture.kind == .badImage && picture.image == 9)
        group.group.send(.shutdown)
    }

    @Test("It is the image that is to blame, or the machine")
    func blame() {
        struct Surprise: Error {}
        #expect(RankFailure(ImageError.empty, image: 1).kind == .badImage)
        #expect(RankFailure(ImageError.outOfMemory(.png), image: 1).kind == .internal)
        #expect(RankFailure(Surprise(), image: 1).kind == .internal)
        #expect(RankFailure(Surprise(), image: 1).exitCode == ExitCode.internalError.rawValue)
        #expect(RankFailure(UsageError("no")).kind == .ofRank)
    }
}
