/// A rank's place among the ranks of its host, and what follows for its threads.
///
/// Vision ranks rest while answers are decoded, so decoder ranks share all processors of a host among themselves, as if
/// there were no others. A vision rank has the threads of a fair share, on whatever processors are free: pictures of one
/// request are encoded while another is decoded, and must not stop that.
struct RankPlace {
    /// Threads that compute on this rank.
    let threads: Int
    /// This rank's place among those on its host that divide the processors, and their number; `nil` for one that takes
    /// what is free.
    private(set) var seat: (place: Int, of: Int)?

    /// - Parameters:
    ///   - rank: of the world.
    ///   - variables: the environment in which Open MPI says which ranks are here: consecutive ones, as in the hostfile.
    ///   - available: processors that the ranks of this host may use.
    init(
        _ rank: Int,
        _ variables: [String: String],
        _ options: RankOptions,
        available: Int = Processors.available
    ) {
        let ranksHere = variables["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap { Int($0) } ?? options.worldSize
        let place = variables["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap { Int($0) } ?? rank
        let first = rank - place
        let decodersHere = min(max(options.decoderRanks - first, 0), ranksHere)
        let isDecoder = options.isDecoder(rank)
        let decoderThreads = options.threads ?? max(1, available / max(1, decodersHere))
        threads = isDecoder ? decoderThreads : options.threads ?? max(1, available / max(1, ranksHere))
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
