import ArgumentParser
import DemoModel
import Diagnostics
import Foundation
import Scaling

/// What `flotilla scale` measures.
struct ScaleOptions: ParsableArguments {
    @Option(help: "Numbers of decoder ranks, with commas; by default 1 to the number of hosts.")
    var decoderRanks: String?

    @Option(help: "Numbers of vision ranks, with commas, or none; by default as the decoder ranks.")
    var visionRanks: String?

    @Option(help: "Threads that compute on each rank; by default a fair share of the host's processors.")
    var threads: Int?

    @Option(
        help:
            "How the decoder's weights are held: native, bf16, q8, q4 or q4m; by default as the checkpoint stores them."
    )
    var format: String?

    @Option(help: "Tokens of the prompt whose length stays the same.")
    var promptTokens = 256

    @Option(help: "Tokens for each rank of the prompt that grows with the ranks.")
    var tokensPerRank = 64

    @Option(help: "Tokens in the cache where tokens are decoded.")
    var context = 0

    @Option(help: "Rounds of each measurement, of which the median counts.")
    var rounds = 3

    @Flag(
        help: ArgumentHelp(
            "The hosts share processors: ranks compute one after the other, and exchanges are measured by themselves.",
            discussion: "For hosts of cluster/netlab, which would wait for each other's computing."
        )
    )
    var turns = false

    @Option(
        parsing: .unconditional,
        help: "A picture to ask about, or none; by default one of the demo model's samples."
    )
    var picture: String?

    @Option(parsing: .unconditional, help: "A word on network and build, which reports show.")
    var note = ""

    func validate() throws {
        if !(1...1000).contains(rounds) { throw ValidationError("--rounds \(rounds) is not in 1...1000") }
        if !(1...4096).contains(promptTokens) {
            throw ValidationError("--prompt-tokens \(promptTokens) is not in 1...4096")
        }
        if !(1...4096).contains(tokensPerRank) {
            throw ValidationError("--tokens-per-rank \(tokensPerRank) is not in 1...4096")
        }
        if !(0...1_000_000).contains(context) { throw ValidationError("--context \(context) is not in 0...1000000") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    /// - Parameter hosts: how many there are.
    func decoders(hosts: Int, heads: Int) throws -> [Int] {
        guard let decoderRanks else { return Array(1...max(1, min(hosts, heads))) }
        return Set(try NumberList(decoderRanks, option: "--decoder-ranks", range: 1...heads).values).sorted()
    }

    func visions(_ decoders: [Int]) throws -> [Int] {
        guard let visionRanks else { return decoders }
        guard visionRanks != "none" else { return [] }
        return Set(try NumberList(visionRanks, option: "--vision-ranks", range: 1...4096).values).sorted()
    }

    /// Steps for so many ranks: what stays the same, and what grows with the ranks.
    ///
    /// One rank does what any number does, so that each has something to be compared with.
    func works(ranks: Int, of all: [Int]) -> [Workload] {
        var works = [Workload.decode(context: context), .prefill(promptTokens)]
        for count in ranks == 1 ? Array(Set(all + [1])).sorted() : [ranks] {
            works += [.decode(sequences: count, context: context), .prefill(min(tokensPerRank * count, 4096))]
        }
        return works.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The picture, if there is to be one.
    func pictureFile() throws -> String? {
        guard picture != "none" else { return nil }
        let file = picture ?? DemoModel.samples?.appendingPathComponent("sum.png").path
        guard let file else { return nil }
        guard FileManager.default.fileExists(atPath: file) else {
            throw UsageError("the picture \(file) is not there")
        }
        return file
    }
}
