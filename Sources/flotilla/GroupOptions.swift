import ArgumentParser
import Diagnostics
import Foundation
import Kernels
import RankProgram

/// The options that shape a group: how many ranks, how many threads, how much cache.
struct GroupOptions: ParsableArguments {
    @Option(help: "Ranks that share the decoder, from 1 to the number of query heads.")
    var decoderRanks = 1

    @Option(help: "Ranks that encode pictures.")
    var visionRanks = 1

    @Option(help: "Threads that compute on each rank; by default a fair share of the host's processors.")
    var threads: Int?

    @Option(help: "How weights are held: native (as stored).")
    var format = "native"

    @Option(help: "How keys and values are cached: f32 or f16.")
    var kv = "f16"

    @Option(help: "Tokens that the KV cache has room for, over all sequences.")
    var context: Int?

    @Option(help: "Tokens of prompts in one step at most.")
    var prefillChunk = 256

    @Option(help: "Sequences under way at once at most.")
    var maxSequences: Int?

    @Option(
        help: "How much longer a step may last for the sake of prompts while streams are decoding; 0: a whole chunk."
    )
    var decodeSlowdown = 1.3

    @Option(help: "The relative speed of the decoder ranks' machines, such as 2,1,1; by default equal.")
    var rankWeights: String?

    /// The options as ranks take them.
    ///
    /// - Parameters:
    ///   - cacheTokens: the size of the cache when `--context` does not say.
    ///   - maxSequences: the number of sequences when `--max-sequences` does not say.
    func rankOptions(model: URL, cacheTokens: Int, maxSequences: Int) throws -> RankOptions {
        var options = RankOptions(model: model)
        options.decoderRanks = try within(decoderRanks, 1...4096, "--decoder-ranks")
        options.visionRanks = try within(visionRanks, 1...4096, "--vision-ranks")
        options.threads = try threads.map { try within($0, 1...1024, "--threads") }
        options.cacheElement = try cacheElement()
        options.cacheTokens = try within(context ?? cacheTokens, 1...100_000_000, "--context")
        options.prefillChunk = try within(prefillChunk, 1...4096, "--prefill-chunk")
        options.maxSequences = try within(self.maxSequences ?? maxSequences, 1...1024, "--max-sequences")
        guard decodeSlowdown == 0 || (1...1000).contains(decodeSlowdown) else {
            throw UsageError("--decode-slowdown is \(decodeSlowdown), expected 1 or more, or 0 for no bound")
        }
        options.decodeSlowdown = decodeSlowdown == 0 ? nil : decodeSlowdown
        options.rankWeights = try weights()
        guard format == "native" else {
            throw UsageError("--format is \(format), expected native")
        }
        return options
    }

    private func within(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws -> Int {
        if range.contains(value) { return value }
        throw UsageError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }

    private func cacheElement() throws -> KVLayout.Element {
        switch kv {
        case "f32": return .float32
        case "f16": return .float16
        default: throw UsageError("--kv is \(kv), expected f32 or f16")
        }
    }

    private func weights() throws -> [Double]? {
        guard let rankWeights else { return nil }
        let numbers = rankWeights.split(separator: ",").map { Double($0) }
        guard numbers.count == decoderRanks, numbers.allSatisfy({ ($0 ?? 0) > 0 }) else {
            throw UsageError("--rank-weights is \(rankWeights), expected \(decoderRanks) positive numbers with commas")
        }
        return numbers.compactMap { $0 }
    }
}
