internal import GroupLink

/// A rank's place among the ranks that share its processors, and what follows for its threads.
///
/// Vision ranks give way while answers are decoded, so decoder ranks share all processors of a host among themselves, as if
/// there were no others. A vision rank beside them has one thread of its own, and helpers on whatever processors rest:
/// pictures of one request are encoded while another is decoded, and must not stop that (``VisionThreads``).
struct RankPlace {
    /// Threads that compute on this rank, without helpers.
    let threads: Int
    /// Threads besides, which work while nobody else wants their processors.
    private(set) var helpers = 0
    /// Where helpers may run, by the kernel's numbers; `nil` is where this rank may.
    private(set) var helperProcessors: [Int]?
    /// Whether this is a vision rank with decoder ranks beside it.
    private(set) var isBesideDecoders = false
    /// This rank's place among those on its host that divide the processors, and their number; `nil` for one that takes
    /// what is free.
    private(set) var seat: (place: Int, of: Int)?

    /// The ranks, in order, that share the processors of this one, it among them.
    private struct Company {
        var ranks: [Int]
        /// Where the launcher says.
        var told: RankPlaces.Seat?
    }

    /// - Parameters:
    ///   - rank: of the world.
    ///   - variables: the environment in which the launcher, or else Open MPI, says which ranks are here.
    ///   - available: processors that the ranks of this place may use.
    /// - Returns: `nil` if only MPI can say who is here: see `init(_:ranksHere:_:available:)`.
    init?(
        _ rank: Int,
        _ variables: [String: String],
        _ options: RankOptions,
        available: Int = Processors.available
    ) {
        let told = variables[RankPlaces.variableName].flatMap { RankPlaces($0, worldSize: options.worldSize) }
        if let told, told.seats.indices.contains(rank) {
            let seat = told.seats[rank]
            let ranks = told.seats.indices.filter { told.seats[$0].place == seat.place }
            self.init(rank, Company(ranks: ranks, told: seat), options, available)
            helperProcessors = RankPlaces.helperProcessors(of: rank, variables)
            return
        }
        let count = variables["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? options.worldSize
        if count == 1 {
            self.init(rank, Company(ranks: [rank]), options, available)
        } else if count >= options.worldSize {
            self.init(rank, Company(ranks: Array(0..<options.worldSize)), options, available)
        } else {
            // Neighbours may be consecutive ranks or, mapped by node, every third.
            return nil
        }
    }

    /// - Parameter ranksHere: the ranks of this host in order, this one among them.
    init(_ rank: Int, ranksHere: [Int], _ options: RankOptions, available: Int = Processors.available) {
        self.init(rank, Company(ranks: ranksHere), options, available)
    }

    private init(_ rank: Int, _ company: Company, _ options: RankOptions, _ available: Int) {
        let ranksHere = company.ranks.count
        let place = company.ranks.firstIndex(of: rank) ?? 0
        let decodersHere = company.ranks.count { options.isDecoder($0) }
        let isDecoder = options.isDecoder(rank)
        let decoderThreads = options.threads ?? company.told?.threads ?? max(1, available / max(1, decodersHere))
        if isDecoder {
            threads = decoderThreads
        } else if let told = company.told, let own = told.threads {
            (threads, helpers) = (own, told.helpers)
        } else {
            let mine = VisionThreads(
                cores: available,
                visionRanks: ranksHere - decodersHere,
                hasDecoders: decodersHere > 0,
                threads: options.threads,
                all: options.visionThreads
            )
            (threads, helpers) = (mine.own, mine.helpers)
        }
        isBesideDecoders = !isDecoder && decodersHere > 0
        let fillsAll = threads * ranksHere == available && (threads == decoderThreads || decodersHere == 0)
        if fillsAll {
            seat = (place, ranksHere)
        } else if isDecoder, threads * decodersHere == available {
            seat = (place, decodersHere)
        }
    }

    /// Binds the caller, and threads that it creates later, to its own part of the processors, if it has one.
    func bind() {
        if let seat { Processors.bind(place: seat.place, of: seat.of, threads: threads) }
    }
}
