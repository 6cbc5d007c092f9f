internal import Diagnostics

/// Seats ranks one after the other; the state behind ``Placement``.
struct Seating {
    private let hosts: [Hostfile.Host]
    private let places: [Placement.Place]
    private let demand: Placement.Demand
    private let capacity: [Int]
    private let availableBytes: [Int?]
    private var freeBytes: [Int?]
    private var hostRanks: [Int]
    private var hostDecoders: [Int]
    /// Of each place.
    private var ranks: [Int]
    private var decoders: [Int]
    /// The place of each rank, so far.
    private(set) var seats: [Int] = []

    init(
        hosts: [Hostfile.Host],
        places: [Placement.Place],
        availableBytes: [Int?],
        _ demand: Placement.Demand
    ) {
        (self.hosts, self.places, self.demand) = (hosts, places, demand)
        (self.availableBytes, freeBytes) = (availableBytes, availableBytes)
        capacity = hosts.indices.map { host in
            let cores = places.filter { $0.host == host }.map(\.cores)
            // Of whom nothing is known, mpirun will count the cores.
            let known = cores.contains(nil) ? Int.max : cores.reduce(0) { $0 + ($1 ?? 0) }
            return demand.isOversubscribed ? .max : hosts[host].slots ?? known
        }
        hostRanks = hosts.map { _ in 0 }
        hostDecoders = hostRanks
        ranks = places.map { _ in 0 }
        decoders = ranks
    }

    /// Round the hosts: where fewest decoder ranks are, first in the order of the file.
    mutating func seat(decoder rank: Int) throws {
        let count = hostDecoders
        let host = try choose(for: rank) { (count[$0], $0) < (count[$1], $1) }
        let mine = places.indices.filter { places[$0].host == host }
        guard let place = mine.min(by: { (decoders[$0], $0) < (decoders[$1], $1) }) else { return }
        take(place, for: rank)
        hostDecoders[host] += 1
        decoders[place] += 1
    }

    /// Numbers the decoder ranks anew, once all are seated: those of one place follow each other.
    ///
    /// Not where memory is so short that it matters which of them is where.
    mutating func groupDecoders() {
        let grouped = seats.sorted()
        var free = availableBytes
        for (rank, place) in grouped.enumerated() {
            let host = places[place].host
            free[host] = free[host].map { $0 - bytes(of: rank) }
        }
        guard free.allSatisfy({ ($0 ?? 0) >= 0 }) else { return }
        (seats, freeBytes) = (grouped, free)
    }

    /// Where least is: fewest ranks a core, then fewest vision ranks, then last in the file, because rank 0 leads on the first.
    ///
    /// Where vision ranks are to be spread, fewest of them first.
    mutating func seat(vision rank: Int) throws {
        let cores = hosts.indices.map { host in
            places.reduce(Int?(0)) { sum, place in
                place.host == host ? sum.flatMap { sum in place.cores.map { sum + $0 } } : sum
            }
        }
        let isKnown = !cores.contains(nil)
        // With this rank beside those that are there: of two empty hosts the larger one has less to bear.
        let loads = hosts.indices.map { Double(hostRanks[$0] + 1) / Double(isKnown ? max(1, cores[$0] ?? 1) : 1) }
        let visions = hosts.indices.map { hostRanks[$0] - hostDecoders[$0] }
        let first = visions.map { demand.spreadsVision ? $0 : 0 }
        let host = try choose(for: rank) {
            (first[$0], loads[$0], visions[$0], -$0) < (first[$1], loads[$1], visions[$1], -$1)
        }
        let mine = places.indices.filter { places[$0].host == host }
        guard let place = mine.min(by: { (ranks[$0], -$0) < (ranks[$1], -$1) }) else { return }
        take(place, for: rank)
    }

    private mutating func take(_ place: Int, for rank: Int) {
        let host = places[place].host
        ranks[place] += 1
        hostRanks[host] += 1
        freeBytes[host] = freeBytes[host].map { $0 - bytes(of: rank) }
        seats.append(place)
    }

    private func bytes(of rank: Int) -> Int { demand.bytes.indices.contains(rank) ? demand.bytes[rank] : 0 }

    /// The first host, in the order of `isBefore`, with a slot and the memory.
    private func choose(for rank: Int, isBefore: (Int, Int) -> Bool) throws -> Int {
        let open = hosts.indices.filter { hostRanks[$0] < capacity[$0] }
        guard !open.isEmpty else { throw tooFewSlots() }
        let roomy = open.filter { freeBytes[$0].map { $0 >= bytes(of: rank) } ?? true }
        guard let host = roomy.min(by: isBefore) else { throw tooLittleMemory(for: rank, open) }
        return host
    }

    private func tooFewSlots() -> LaunchError {
        let slots = capacity.reduce(0, +)
        let asked = demand.decoderRanks + demand.visionRanks
        return LaunchError(
            "\(asked) ranks are asked for, and the \(hosts.count == 1 ? "host has" : "\(hosts.count) hosts have") "
                + "\(slots) \(slots == 1 ? "slot" : "slots")",
            hint: "give the hosts more slots in the hostfile, or use fewer ranks"
        )
    }

    private func tooLittleMemory(for rank: Int, _ open: [Int]) -> HostMemoryError {
        let most = open.max { (freeBytes[$0] ?? 0) < (freeBytes[$1] ?? 0) } ?? 0
        return HostMemoryError(
            rank: rank,
            isDecoder: rank < demand.decoderRanks,
            needed: bytes(of: rank),
            host: hosts[most].name,
            available: availableBytes[most] ?? 0,
            taken: (availableBytes[most] ?? 0) - (freeBytes[most] ?? 0)
        )
    }
}
