/// Where the ranks of a world are and with how many threads, as the launcher has placed them.
///
/// Exported to every rank, because a rank must know who shares its processors before MPI can tell.
package struct RankPlaces: Sendable, Equatable {
    package static let variableName = "FLOTILLA_PLACES"
    /// Names the processors of a host that are a group's own, by the kernel's numbers with commas, where several groups
    /// are on one host and nothing else keeps them apart.
    package static let processorsName = "FLOTILLA_PROCESSORS"

    package struct Seat: Sendable, Equatable {
        /// Ranks with the same number share processors: those of a host, or of a part of it.
        package var place: Int
        /// `nil` leaves it to the rank, which sees its processors.
        package var threads: Int?

        package init(place: Int, threads: Int?) { (self.place, self.threads) = (place, threads) }
    }

    /// In the order of the ranks.
    package let seats: [Seat]

    package init(seats: [Seat]) { self.seats = seats }

    /// `place:threads` for each rank, with commas; 0 threads are the rank's own choice.
    package var text: String { seats.map { "\($0.place):\($0.threads ?? 0)" }.joined(separator: ",") }

    /// `nil` if that is not a seat for each rank of a world.
    package init?(_ text: String, worldSize: Int) {
        var seats: [Seat] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ":").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] >= 0, numbers[1] >= 0, seats.count < worldSize else { return nil }
            seats.append(Seat(place: numbers[0], threads: numbers[1] == 0 ? nil : numbers[1]))
        }
        guard seats.count == worldSize else { return nil }
        self.seats = seats
    }
}
