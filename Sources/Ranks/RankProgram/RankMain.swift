internal import Checkpoints
internal import Communication
package import Diagnostics
internal import Foundation
internal import GroupLink
internal import Inference
internal import Requests

/// The ranks of a group do not agree on what they run.
package struct RanksDisagreeError: OperatorError, Equatable {
    package let description: String
    package let hint: String?
    package var exitCode: ExitCode { .ranksDisagree }
}

/// What `mpirun` starts: one rank, from its first word to the process in front to `MPI_Finalize`.
package enum RankMain {
    /// - Parameter version: of the executable; all ranks must have the same.
    package static func run(_ options: RankOptions, version: String) throws {
        let environment = try RankEnvironment(ProcessInfo.processInfo.environment)
        let isDecoder = options.isDecoder(environment.rank)
        let place = RankPlace(environment.rank, ProcessInfo.processInfo.environment, options)
        let threads = place.threads
        // The link comes first: a rank ends with the process in front even when MPI_Init hangs.
        let link = try RankLink.connect(
            to: environment.addresses,
            secret: environment.secret,
            hello: RankHello(
                rank: environment.rank,
                worldSize: environment.worldSize,
                role: isDecoder ? .decoder : .vision,
                threads: threads,
                version: version
            )
        )
        // After the link, whose thread runs wherever there is room.
        place.bind()
        do {
            try join(options, environment, link, threads: threads, version: version)
        } catch {
            fail(error, link)
        }
        link.close()
    }

    private static func join(
        _ options: RankOptions,
        _ environment: RankEnvironment,
        _ link: RankLink,
        threads: Int,
        version: String
    ) throws {
        try InstructionSetCheck.run(ProcessInfo.processInfo.environment)
        // Opened before MPI: a broken checkpoint is said at once, by every rank alike.
        let checkpoint = try Checkpoint(directory: options.model)
        guard let peers = RankNetwork.peers(link) else { return }
        RankNetwork.choose(peers, link)
        link.send(.stage(.initialising))
        // The process in front counts the time: MPI_Init may hang, and it knows the names of all.
        try MPIRuntime.run(contactLimit: nil) { met in
            link.send(.met(met))
        } _: { world in
            link.send(.stage(.loading))
            try checkAgreement(options, environment, checkpoint, world, version: version)
            let isDecoder = options.isDecoder(world.rank)
            let part = try world.split(colour: isDecoder ? 0 : 1)
            guard isDecoder else {
                return try VisionRank(checkpoint, options: options, endpoint: link, world: world)
                    .run(checkpoint, threads: threads)
            }
            let inbox = MPITileInbox(world: world)
            let rank = DecoderRank(
                checkpoint: checkpoint,
                options: options,
                endpoint: link,
                communicator: part,
                inbox: inbox,
                threads: threads
            )
            let worker = try rank.load()
            guard part.rank == 0 else { return try rank.follow(worker, part) }
            try LeaderLoop(
                worker,
                options: options,
                endpoint: link,
                channel: MPIPlanChannel(decoders: part),
                inbox: inbox
            ).run()
        } onFailure: { error in
            fail(error, link)
        }
    }

    /// Collective over the world: the same world size, binary, checkpoint and options everywhere.
    private static func checkAgreement(
        _ options: RankOptions,
        _ environment: RankEnvironment,
        _ checkpoint: Checkpoint,
        _ world: MPICommunicator,
        version: String
    ) throws {
        guard world.size == options.worldSize else {
            throw RanksDisagreeError(
                description: "MPI's world has \(world.size) ranks, but \(options.decoderRanks) decoder and "
                    + "\(options.visionRanks) vision ranks were asked for",
                hint: "start exactly \(options.worldSize) ranks; under Slurm use srun --mpi=pmix"
            )
        }
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        // The model's place may differ from host to host, what is in it may not.
        for byte in (version + options.arguments.dropFirst(2).joined(separator: " ")).utf8 {
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        digest ^= checkpoint.fingerprint
        let digests = try world.allGather(digest)
        guard let odd = digests.firstIndex(where: { $0 != digests[0] }) else { return }
        throw RanksDisagreeError(
            description: "rank \(odd) runs another version, checkpoint or options than rank 0",
            hint: "install the same flotilla and the same checkpoint files on every host"
        )
    }

    /// Tells the process in front why this rank cannot go on, and ends the process.
    private static func fail(_ error: any Error, _ link: RankLink) -> Never {
        let failure = RankFailure(error)
        link.send(.failed(failure))
        link.close(within: .seconds(2))
        exit(failure.exitCode)
    }
}
