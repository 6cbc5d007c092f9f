/// Where the ranks of a world are and with how many threads, as the launcher has placed them.
///
/// Exported to every rank, because a rank must know who shares its processors before MPI can tell.
package struct RankPlaces: Sendable, Equatable {
    package static let variableName = "FLOTILLA_PLACES"
    /// Names the processors of a host that are a group's own, by the kernel's numbers with commas, where several groups
    /// are on one host and nothing else keeps them apart.
    package static let processorsName = "FLOTILLA_PROCESSORS"

    /// Names the processors on which the helpers of ranks that are kept on a part of their host may run, by the kernel's
    /// numbers: `rank=0,1,2` with semicolons.
    package static let helperProcessorsName = "FLOTILLA_HELPER_PROCESSORS"

    package struct Seat: Sendable, Equatable {
        /// Ranks with the same number share processors: those of a host, or of a part of it.
        package var place: Int
        /// `nil` leaves it to the rank, which sees its processors.
        package var threads: Int?
        /// Further threads, which work while nobody else wants their processors.
        package var helpers: Int

        package init(place: Int, threads: Int?, helpers: Int = 0) {
            (self.place, self.threads, self.helpers) = (place, threads, helpers)
        }
    }

    /// In the order of the ranks.
    package let seats: [Seat]

    package init(seats: [Seat]) { self.seats = seats }

    /// `place:threads`, or `place:threads:helpers`, for each rank, with commas; 0 threads are the rank's own choice.
    package var text: String {
        seats.map { "\($0.place):\($0.threads ?? 0)" + ($0.helpers > 0 ? ":\($0.helpers)" : "") }.joined(separator: ",")
    }

    /// `nil` if that is not a seat for each rank of a world.
    package init?(_ text: String, worldSize: Int) {
        var seats: [Seat] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ":").compactMap { Int($0) }
            guard (2...3).contains(numbers.count), numbers.allSatisfy({ $0 >= 0 }), seats.count < worldSize else {
                return nil
            }
            let helpers = numbers.count == 3 ? numbers[2] : 0
            seats.append(Seat(place: numbers[0], threads: numbers[1] == 0 ? nil : numbers[1], helpers: helpers))
        }
        guard seats.count == worldSize else { return nil }
        self.seats = seats
    }

    /// The text of ``helperProcessorsName`` for these ranks.
    package static func text(helperProcessors: [Int: [Int]]) -> String {
        helperProcessors.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(OwnProcessors.text($0.value))" }
            .joined(separator: ";")
    }

    /// The processors of one rank's helpers; `nil` if the launcher does not name any.
    package static func helperProcessors(of rank: Int, _ variables: [String: String]) -> [Int]? {
        for part in (variables[helperProcessorsName] ?? "").split(separator: ";") where part.hasPrefix("\(rank)=") {
            let numbers = OwnProcessors.numbers(String(part.drop { $0 != "=" }.dropFirst())).map { Int($0) }
            return numbers.isEmpty ? nil : numbers
        }
        return nil
    }
}
