import Checkpoints
import Foundation
import Kernels
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("Logits that are not numbers end a request, and only that one")
struct NotNumbersTests {
    static let sampled: [@Sendable (inout GenerateJob) -> Void] = [
        { _ in },
        { $0.sampling.temperature = 0.7 },
        {
            $0.sampling.temperature = 0.7; $0.sampling.topP = 0.9
        },
        {
            $0.logprobs = 4; $0.sampling.repetitionPenalty = 1.2
        },
    ]

    static func text(_ id: String) throws -> GenerateJob {
        let golden = try Golden("mini-f32")
        let conversation = try #require(golden.cases.first { $0.tiles.isEmpty })
        var job = GenerateJob(id: id, promptIds: conversation.inputIds)
        job.sampling.maxTokens = 6
        return job
    }

    @Test("a NaN in the final norm, however tokens are chosen", arguments: sampled.indices)
    func finalNorm(index: Int) throws {
        try EditedWeights.with { name, numbers in
            if name.hasSuffix("language_model.model.norm.weight") { numbers[3] = .nan }
        } _: { directory in
            var job = try Self.text("a")
            Self.sampled[index](&job)
            let solo = try SoloDecoder(directory)
            #expect(try solo.run([job]) == [:])
            let failure = try #require(solo.failures["a"])
            #expect(failure.exitCode == 4 && failure.isOfRank == false)
            #expect(failure.message == "the model's logits are not numbers after 0 tokens")
            let load = solo.leader.scheduler.load
            #expect(
                load.usedPages == 0 && load.cachedPages == 0 && load.running == 0 && !solo.leader.scheduler.hasSequences
            )
        }
    }

    @Test("others go on, and nobody begins with pages of the one that ended")
    func company() throws {
        let golden = try Golden("mini-f32")
        let config = try Checkpoint(directory: golden.directory).config
        let conversation = try #require(golden.cases.first { $0.tiles.count == 1 })
        func pictured(_ id: String, image: Int32) -> GenerateJob {
            var job = GenerateJob(
                conversation,
                imageToken: GoldenDecoderTests.imageToken("mini-f32"),
                perTile: config.visualTokensPerTile,
                firstImage: image,
                id: id
            )
            job.trace = false
            return job
        }
        let visual = golden.tensor("\(conversation.name).visual_tokens") ?? []
        let solo = try SoloDecoder(golden.directory, chunk: 64)
        func deliver(_ job: GenerateJob, _ visual: [Float]) {
            GoldenDecoderTests.deliver(
                solo,
                job,
                visual: visual,
                perTile: config.visualTokensPerTile,
                hidden: config.decoder.hidden
            )
        }
        var damaged = visual
        damaged[0] = .nan
        let bad = pictured("bad", image: 0)
        deliver(bad, damaged)
        let alone = try SoloDecoder(golden.directory).run([Self.text("other")])
        #expect(try solo.run([bad, Self.text("other")]) == alone)
        #expect(Array(solo.failures.keys) == ["bad"])
        let good = pictured("good", image: 1)
        deliver(good, visual)
        #expect(try solo.run([good])["good"] == conversation.tokens)
        #expect(solo.endings["good"]?.cachedTokens == 0)
    }

    @Test("an answer that breaks off says after how many tokens, and a replay counts those of the group before")
    func later() throws {
        var job = try Self.text("a")
        job.answerIds = [5, 6, 7]
        try EditedWeights.with { name, numbers in
            if name.hasSuffix("language_model.model.norm.weight") { numbers[0] = .infinity }
        } _: { directory in
            let solo = try SoloDecoder(directory)
            _ = try solo.run([job])
            #expect(solo.failures["a"]?.message == "the model's logits are not numbers after 3 tokens")
        }
    }

    @Test("values beyond half precision are held to its range", arguments: [KVLayout.Element.float16, .q8])
    func overflow(cache: KVLayout.Element) throws {
        let factors: [(String, Float)] = [("v_proj.weight", 1e5), ("o_proj.weight", 1e-5)]
        try EditedWeights.with { name, numbers in
            for (suffix, factor) in factors where name.contains("language_model") && name.hasSuffix(suffix) {
                numbers = numbers.map { $0 * factor }
            }
        } _: { directory in
            var job = try Self.text("a")
            job.trace = true
            let solo = try SoloDecoder(directory, cache: cache)
            #expect(try solo.run([job])["a"]?.isEmpty == false)
            #expect(solo.failures.isEmpty)
            let rows = solo.logits["a"] ?? []
            #expect(!rows.isEmpty && rows.allSatisfy { $0.allSatisfy(\.isFinite) })
            // Float32 shows what the model says: the factors cancel. Halves that are held lose what is beyond them.
            guard cache == .q8 else { return }
            let exact = try SoloDecoder(directory)
            _ = try exact.run([job])
            let difference = zip(rows[0], exact.logits["a"]?[0] ?? []).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference < 0.5, "\(difference)")
        }
    }
}
