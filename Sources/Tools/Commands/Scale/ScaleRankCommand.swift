import ArgumentParser
import Benchmarks
import Checkpoints
import Diagnostics
import Foundation
import RankProgram
import Scaling

/// `flotilla scale-rank`: what `flotilla scale` has mpirun start.
struct ScaleRankCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale-rank",
        abstract: "Measures steps or tiles as one rank of several; started by flotilla scale, not by hand.",
        shouldDisplay: false
    )

    @Option(help: "The checkpoint's directory.")
    var model: String

    @Option(help: "How weights are held.")
    var format: String

    @Option(help: "Ranks in all.")
    var ranks: Int

    @Option(help: "Threads of each rank.")
    var threads: Int?

    @Option(help: "Rounds of each measurement.")
    var rounds: Int

    @Option(help: "Steps to measure, in words with commas; none measures a tile.")
    var works = ""

    @Flag(help: "Ranks compute one after the other.")
    var turns = false

    @OptionGroup var trial: TrialRankOptions

    func run() throws {
        trial.chooseNetwork()
        let variables = ProcessInfo.processInfo.environment
        let place = variables["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap { Int($0) } ?? 0
        let here = variables["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? 1
        let threads = threads ?? Processors.share(of: here)
        // Hosts that share processors would all take the same ones.
        if !turns { Processors.bind(place: place, of: here, threads: threads) }
        let checkpoint = try Checkpoint(directory: URL(fileURLWithPath: model, isDirectory: true))
        let format = try WeightFormat(option: format)
        let list = works.split(separator: ",").compactMap { Workload(word: $0) }
        try ScaleRanks.run(ranks) { group in
            guard !list.isEmpty else {
                let trial = VisionScaleTrial(
                    checkpoint,
                    format: format,
                    threads: threads,
                    inTurns: turns,
                    rounds: rounds
                )
                let result = try trial.run(in: group)
                return group.rank == 0 ? try Self.say(VisionTrial.mark, result) : ()
            }
            let job = ScaleTrial.Job(format: format, threads: threads, works: list, inTurns: turns, rounds: rounds)
            var result = try ScaleTrial(checkpoint, job, in: group).run()
            result.hosts = trial.names
            if group.rank == 0 { try Self.say(DecoderTrial.mark, result) }
        }
    }

    private static func say(_ mark: String, _ result: some Encodable) throws {
        StandardOutput.write(mark + String(decoding: try JSONEncoder().encode(result), as: UTF8.self) + "\n")
    }
}
