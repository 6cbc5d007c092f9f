internal import Checkpoints
internal import Communication
package import Diagnostics
internal import Foundation
internal import GroupLauncher
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
        // Before anything counts the processors.
        OwnProcessors.keep(ProcessInfo.processInfo.environment)
        let isDecoder = options.isDecoder(environment.rank)
        let place = RankPlace(environment.rank, ProcessInfo.processInfo.environment, options)
        // The link comes first: a rank ends with the process in front even when MPI_Init hangs.
        let link = try RankLink.connect(
            to: environment.addresses,
            secret: environment.secret,
            hello: RankHello(
                rank: environment.rank,
                worldSize: environment.worldSize,
                role: isDecoder ? .decoder : .vision,
                // The report that it is ready corrects a guess.
                threads: place?.threads ?? options.threads ?? 1,
                version: version
            )
        )
        // After the link, whose thread runs wherever there is room.
        place?.bind()
        do {
            try join(options, environment, link, place, version: version)
        } catch {
            fail(error, link)
        }
        link.close()
    }

    private static func join(
        _ options: RankOptions,
        _ environment: RankEnvironment,
        _ link: RankLink,
        _ place: RankPlace?,
        version: String
    ) throws {
        let variables = ProcessInfo.processInfo.environment
        try InstructionSetCheck.run(variables)
        if let error = UnintroducedRankError(variables) { throw error }
        // Opened before MPI: a broken checkpoint is said at once, by every rank alike.
        let checkpoint = try Checkpoint(directory: options.model)
        guard let peers = RankNetwork.peers(link) else { return }
        RankNetwork.choose(peers, link)
        let memory = RankMemory.choose(variables)
        defer { memory?.remove() }
        link.send(.stage(.initialising))
        // The process in front counts the time: MPI_Init may hang, and it knows the names of all.
        try MPIRuntime.run(contactLimit: nil) { met in
            link.send(.met(met))
        } _: { world in
            link.send(.stage(.loading))
            try checkAgreement(options, environment, checkpoint, world, version: version)
            // Every rank takes part, whether it needs to know or not.
            let ranksHere = try world.ranksOfSameHost(Machine.hostName + Machine.identity)
            let place = place ?? seat(options, ranksHere, world.rank)
            let isDecoder = options.isDecoder(world.rank)
            let part = try world.split(colour: isDecoder ? 0 : 1)
            guard isDecoder else {
                return try VisionRank(checkpoint, options: options, endpoint: link, world: world)
                    .run(checkpoint, on: place)
            }
            let threads = place.threads
            let measured = try ShareMeasurement(checkpoint, options, part, threads: threads).run { link.send(.log($0)) }
            let reads = ReadMeasurement(checkpoint: checkpoint, options: options, decoders: part, threads: threads)
            let inbox = MPITileInbox(world: world)
            let rank = DecoderRank(
                checkpoint: checkpoint,
                options: measured,
                endpoint: link,
                communicator: part,
                inbox: inbox,
                threads: threads,
                ranksHere: ranksHere,
                readBytesPerSecond: try reads.run()
            )
            let formats = FormatDesk(checkpoint, options)
            // Beside the weights, so that nobody waits for it later.
            if part.rank == 0 { formats.prepare() }
            let (worker, pages, kept) = try rank.load()
            // Who ends in order is not followed by another; whoever is killed may be.
            defer {
                pages?.close()
                kept?.remove()
            }
            guard part.rank == 0 else { return try rank.follow(worker, part) }
            try LeaderLoop(
                worker,
                options: options,
                endpoint: link,
                channel: MPIPlanChannel(decoders: part),
                inbox: inbox,
                formats: formats,
                pages: pages?.forLeader(part)
            ).run()
        } onFailure: { error in
            fail(error, link)
        }
    }

    /// The place of a rank of which only MPI knows who is beside it; binds the caller.
    private static func seat(_ options: RankOptions, _ ranksHere: [Int], _ rank: Int) -> RankPlace {
        let place = RankPlace(rank, ranksHere: ranksHere, options)
        place.bind()
        return place
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
        // The model's place may differ from host to host, what is in it may not.
        let text = version + options.arguments.dropFirst(2).joined(separator: " ")
        let digest = MPICommunicator.digest(text) ^ checkpoint.fingerprint
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
