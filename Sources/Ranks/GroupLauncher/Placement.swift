internal import GroupLink

/// Where every rank of a group runs, and with how many threads: a pure value, shown before anything starts.
///
/// A *place* is a host, or a NUMA node of one whose nodes have memory of their own. Decoder ranks go round the hosts, and
/// on a host round its places, so that each gets its fair number; those of a host are neighbours, whose parts of a sum make
/// whole nodes of its tree; vision ranks, which come after them, go to where least is. A host takes no more ranks
/// than it has slots, and none that it has no memory for while another has.
package struct Placement: Sendable, Equatable {
    package struct Place: Sendable, Equatable {
        /// In ``Placement/hosts``.
        package var host: Int
        /// The NUMA node; `nil` where the place is a whole host.
        package var node: Int?
        /// By the kernel's numbers; `nil` if nobody knows.
        package var processors: [Int]?
        package var cores: Int?
    }

    /// Of one rank, in the order of the world.
    package struct Seat: Sendable, Equatable {
        /// In ``Placement/places``.
        package var place: Int
        /// `nil` leaves it to the rank.
        package var threads: Int?
        /// Further threads of a vision rank, which work while nobody else wants their processors.
        package var helpers = 0
    }

    package let hosts: [Hostfile.Host]
    package let places: [Place]
    package let seats: [Seat]
    /// Bytes that each host has to give; `nil` if nobody knows.
    package let availableBytes: [Int?]

    /// What is to be placed.
    package struct Demand: Sendable {
        package var decoderRanks: Int
        package var visionRanks: Int
        /// Threads of each rank, where the operator says.
        package var threads: Int?
        /// Threads of each vision rank, helpers included, where the operator says.
        package var visionThreads: Int?
        /// Whether no host shall have two vision ranks while another can have one.
        package var spreadsVision = false
        /// Bytes of each rank, in the order of the world; empty if nobody knows.
        package var bytes: [Int] = []
        /// Whether hosts may have more ranks than slots.
        package var isOversubscribed = false

        package init(decoderRanks: Int, visionRanks: Int, threads: Int? = nil) {
            (self.decoderRanks, self.visionRanks, self.threads) = (decoderRanks, visionRanks, threads)
        }
    }

    /// - Parameter facts: what is known of the hosts, by name.
    /// - Throws: ``LaunchError`` if there are fewer slots than ranks, ``HostMemoryError`` if a rank fits nowhere.
    package init(_ hostfile: Hostfile, _ facts: [String: HostFacts], _ demand: Demand) throws {
        hosts = hostfile.hosts
        availableBytes = hosts.map { facts[$0.name]?.availableBytes }
        places = hosts.enumerated().flatMap { index, host in Self.places(of: host, index, facts[host.name]) }
        var seating = Seating(hosts: hosts, places: places, availableBytes: availableBytes, demand)
        for rank in 0..<demand.decoderRanks { try seating.seat(decoder: rank) }
        seating.groupDecoders()
        for rank in demand.decoderRanks..<(demand.decoderRanks + demand.visionRanks) { try seating.seat(vision: rank) }
        seats = Self.seats(seating.seats, places, demand)
    }

    /// The threads of each rank, by its place.
    private static func seats(_ taken: [Int], _ places: [Place], _ demand: Demand) -> [Seat] {
        let (decoders, visions) = (taken[..<demand.decoderRanks], taken[demand.decoderRanks...])
        return taken.enumerated().map { rank, place in
            let cores = places[place].cores
            guard rank >= demand.decoderRanks else {
                // A vision rank gives way while answers are decoded, so decoder ranks have all cores among themselves.
                let sharers = decoders.count { $0 == place }
                return Seat(place: place, threads: demand.threads ?? cores.map { max(1, $0 / sharers) })
            }
            let host = places[place].host
            let here = places.filter { $0.host == host }.map(\.cores)
            let threads = VisionThreads(
                cores: cores,
                hostCores: here.contains(nil) ? nil : here.reduce(0) { $0 + ($1 ?? 0) },
                visionRanks: visions.count { $0 == place },
                hostVisionRanks: visions.count { places[$0].host == host },
                hasDecoders: decoders.contains(place),
                threads: demand.threads,
                all: demand.visionThreads
            )
            return Seat(place: place, threads: threads?.own, helpers: threads?.helpers ?? 0)
        }
    }

    private static func places(of host: Hostfile.Host, _ index: Int, _ facts: HostFacts?) -> [Place] {
        guard let facts else { return [Place(host: index, cores: host.processors)] }
        let isDivided = facts.nodes.count > 1
        return facts.nodes.map {
            Place(host: index, node: isDivided ? $0.number : nil, processors: $0.processors, cores: $0.cores)
        }
    }

    /// The host that a rank runs on.
    package func host(of rank: Int) -> Hostfile.Host { hosts[places[seats[rank].place].host] }

    /// Ranks on a host, in order.
    package func ranks(on host: Int) -> [Int] { seats.indices.filter { places[seats[$0].place].host == host } }

    /// Whether a host is divided, so that the ranks of a place are to be kept on its processors.
    var isDivided: Bool { places.contains { $0.node != nil } }

    /// What each rank is told.
    var rankPlaces: RankPlaces {
        RankPlaces(seats: seats.map { .init(place: $0.place, threads: $0.threads, helpers: $0.helpers) })
    }

    /// Where helpers may run whose rank is kept on a part of its host: on all of that.
    var helperProcessors: [Int: [Int]] {
        var processors: [Int: [Int]] = [:]
        for (rank, seat) in seats.enumerated() where seat.helpers > 0 && places[seat.place].node != nil {
            let host = places[seat.place].host
            processors[rank] = places.filter { $0.host == host }.flatMap { $0.processors ?? [] }
        }
        return processors
    }

    /// The ranks' hosts and processors as `mpirun --rankfile` reads them; `nil` if some processors are not known.
    ///
    /// By the kernel's numbers of processors, which Open MPI takes with `rmaps_rank_file_physical`. A rank is bound to its whole
    /// place.
    var rankfile: String? {
        var lines = ""
        for (rank, seat) in seats.enumerated() {
            guard let processors = places[seat.place].processors else { return nil }
            lines += "rank \(rank)=\(host(of: rank).name) slot=\(Self.list(processors))\n"
        }
        return lines
    }

    /// A host for each rank, as `mpirun --map-by seq` reads them.
    var sequence: String { seats.indices.map { host(of: $0).target + "\n" }.joined() }

    /// The hosts that have ranks, with as many slots: what `mpirun` must reach.
    var usedHosts: Hostfile {
        Hostfile(
            hosts: hosts.indices.compactMap { index in
                let count = ranks(on: index).count
                var host = hosts[index]
                host.slots = count
                return count == 0 ? nil : host
            }
        )
    }

    /// Numbers in the kernel's form, `0-3,8`.
    static func list(_ numbers: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
