package import Communication
internal import Foundation

/// Everything that `flotilla scale` has measured so far: what it writes after each step, and begins from again.
package struct ScaleRecord: Codable, Sendable, Equatable {
    /// What measurements depend on; those of another setting are not continued.
    package struct Setting: Codable, Sendable, Equatable {
        package var model: String
        /// Of the checkpoint, in hexadecimal.
        package var fingerprint: String
        package var format: String
        /// Of each rank; `nil` as the host has them.
        package var threads: Int?
        package var hosts: [String]
        /// Whether ranks computed one after the other, on hosts that share processors.
        package var inTurns: Bool
        package var rounds: Int
        package var version: String
        package var processor: String
        package var kernels: String

        package init(
            model: String,
            fingerprint: String,
            format: String,
            threads: Int?,
            hosts: [String],
            inTurns: Bool,
            rounds: Int,
            version: String,
            processor: String,
            kernels: String
        ) {
            (self.model, self.fingerprint, self.format, self.threads) = (model, fingerprint, format, threads)
            (self.hosts, self.inTurns, self.rounds) = (hosts, inTurns, rounds)
            (self.version, self.processor, self.kernels) = (version, processor, kernels)
        }
    }

    package var setting: Setting
    /// What the operator says of the network and the build.
    package var note: String
    /// The command line.
    package var command: String
    package var decoders: [DecoderTrial] = []
    package var visions: [VisionTrial] = []
    package var pictures: [PictureTrial] = []

    package init(setting: Setting, note: String = "", command: String = "") {
        (self.setting, self.note, self.command) = (setting, note, command)
    }

    /// The steps of so many decoder ranks that are still to be measured.
    package func missing(_ works: [Workload], ranks: Int) -> [Workload] {
        let known = decoders.first { $0.ranks == ranks }?.steps.map(\.work) ?? []
        return works.filter { !known.contains($0) }
    }

    /// Takes a trial in; what it measured again replaces what was there.
    package mutating func add(_ trial: DecoderTrial) {
        guard let place = decoders.firstIndex(where: { $0.ranks == trial.ranks }) else {
            decoders.append(trial)
            return decoders.sort { $0.ranks < $1.ranks }
        }
        var merged = trial
        merged.steps =
            decoders[place].steps.filter { old in !trial.steps.contains { $0.work == old.work } } + trial.steps
        decoders[place] = merged
    }

    package mutating func add(_ trial: VisionTrial) {
        visions.removeAll { $0.ranks == trial.ranks }
        visions.append(trial)
        visions.sort { $0.ranks < $1.ranks }
    }

    package mutating func add(_ trial: PictureTrial) {
        pictures.removeAll { $0.isOf(trial.decoderRanks, trial.visionRanks) }
        pictures.append(trial)
        pictures.sort { ($0.decoderRanks, $0.visionRanks) < ($1.decoderRanks, $1.visionRanks) }
    }
}

/// What the decoder ranks of one number measured, all of whose lists are in the order of the ranks.
package struct DecoderTrial: Codable, Sendable, Equatable {
    package struct Step: Codable, Sendable, Equatable {
        package var work: Workload
        /// Seconds of a step of all ranks at once, on the processors that are here.
        package var wall: Double
        /// Seconds that each rank computes.
        package var compute: [Double]
        /// Seconds of all exchanges of a step by themselves.
        package var exchange: Double
        /// Bytes that each rank sent in one step: counted in the calls of MPI or of shared memory, and by the plan.
        package var sentBytes: [Int]
        package var plannedBytes: [Int]
        /// In how many blocks the rows took turns, and how many sums there were.
        package var blocks: Int
        package var sums: Int
        /// Exchanges of all ranks with all, in turns with those of this step.
        package var network: [NetworkSample]

        package init(
            work: Workload,
            wall: Double,
            compute: [Double],
            exchange: Double,
            sentBytes: [Int],
            plannedBytes: [Int],
            blocks: Int,
            sums: Int,
            network: [NetworkSample] = []
        ) {
            (self.work, self.wall, self.compute, self.exchange) = (work, wall, compute, exchange)
            (self.sentBytes, self.plannedBytes, self.blocks, self.sums) = (sentBytes, plannedBytes, blocks, sums)
            self.network = network
        }

        package var slowest: Double { compute.max() ?? 0 }
    }

    package var ranks: Int
    package var hosts: [String]
    package var threads: [Int]
    package var loadSeconds: [Double]
    /// Private memory after loading, and what the plan says of weights and work areas.
    package var residentBytes: [Int]
    package var plannedBytes: [Int]
    /// What each rank reads of memory a second, and its operations a second at most.
    package var bytesPerSecond: [Double]
    package var operationsPerSecond: [Double]
    /// Ranks of each domain that share memory.
    package var domains: [[Int]]
    /// As `Step.network`, of all steps together.
    package var network: [NetworkSample]
    /// The network by which the ranks chose the ways of their sums, as they measured it at their start.
    package var ways: NetworkModel?

    /// Bytes of a number of the embedding in a message.
    package var elementBytes: Int
    /// Bytes of a weight, on the average.
    package var weightBytes: Double
    package var steps: [Step]

    package init(ranks: Int) {
        self.ranks = ranks
        (hosts, threads, loadSeconds, residentBytes, plannedBytes) = ([], [], [], [], [])
        (bytesPerSecond, operationsPerSecond, domains, network) = ([], [], [], [])
        (elementBytes, weightBytes, steps) = (2, 2, [])
    }

    /// What the line `flotilla scale` looks for begins with.
    package static let mark = "flotilla-decoders: "
}

/// What vision ranks measured of one tile each.
package struct VisionTrial: Codable, Sendable, Equatable {
    package var ranks: Int
    package var threads: [Int]
    package var loadSeconds: [Double]
    package var tileSeconds: [Double]
    package var residentBytes: [Int]
    package var plannedBytes: [Int]
    /// Of the visual tokens of a tile.
    package var tileBytes: Int

    package init(ranks: Int) {
        self.ranks = ranks
        (threads, loadSeconds, tileSeconds, residentBytes, plannedBytes, tileBytes) = ([], [], [], [], [], 0)
    }

    /// Seconds until so many tiles are encoded, the slowest rank's.
    package func seconds(tiles: Int) -> Double {
        tileSeconds.enumerated().map { rank, seconds in
            Double(tiles / ranks + (rank < tiles % ranks ? 1 : 0)) * seconds
        }.max() ?? 0
    }

    package static let mark = "flotilla-visions: "
}

/// What a group took for a question about a picture, from the question to the first token.
package struct PictureTrial: Codable, Sendable, Equatable {
    package var decoderRanks: Int
    package var visionRanks: Int
    package var tiles: Int
    package var promptTokens: Int
    package var visionSeconds: Double
    package var prefillSeconds: Double
    package var firstTokenSeconds: Double

    package init(
        decoderRanks: Int,
        visionRanks: Int,
        tiles: Int,
        promptTokens: Int,
        visionSeconds: Double,
        prefillSeconds: Double,
        firstTokenSeconds: Double
    ) {
        (self.decoderRanks, self.visionRanks) = (decoderRanks, visionRanks)
        (self.tiles, self.promptTokens) = (tiles, promptTokens)
        (self.visionSeconds, self.prefillSeconds, self.firstTokenSeconds) = (
            visionSeconds, prefillSeconds, firstTokenSeconds
        )
    }

    package func isOf(_ decoderRanks: Int, _ visionRanks: Int) -> Bool {
        self.decoderRanks == decoderRanks && self.visionRanks == visionRanks
    }
}
