internal import CMPI
package import Diagnostics

/// Ranks that did not hear of each other in time.
package struct NoContactError: OperatorError, Equatable {
    package let rank: Int
    package let unheard: [Int]

    package var description: String {
        "rank \(rank) has heard nothing of rank \(unheard.map(String.init).joined(separator: ", ")) over MPI"
    }
    package var hint: String? { "look for a firewall between the hosts, or choose a network: btl_tcp_if_include" }
    package var exitCode: ExitCode { .launchFailed }
}

/// The first message from each rank to each other, before anything that would wait for one without end.
///
/// Open MPI connects two ranks when the first message goes between them, and where the network swallows that, it waits for
/// ever in whatever call it was. So all pairs exchange one byte that nobody blocks for.
enum FirstContact {
    /// - Parameters:
    ///   - limit: from now on; `nil` leaves it to somebody else to count.
    ///   - report: told of the ranks that were heard, at the start and whenever there are more.
    static func run(within limit: Duration?, _ report: ([Int]) -> Void) throws {
        let world = MPICommunicator(adopting: cmpi_world())
        let others = (0..<world.size).filter { $0 != world.rank }
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: world.size + 1, alignment: 1)
        // Not freed when a rank gives up: MPI may still write into it, and the process is about to end.
        bytes.initializeMemory(as: UInt8.self, repeating: 1)
        let own = UnsafeRawBufferPointer(rebasing: bytes[world.size...])
        var receives = try others.map { rank in
            let place = UnsafeMutableRawBufferPointer(rebasing: bytes[rank..<rank + 1])
            return (rank: rank, message: try world.startReceive(place, from: rank, .contact))
        }
        var sends = try others.map { try world.startSend(own, to: $0, .contact) }
        var heard: [Int] = []
        report(heard)
        let began = ContinuousClock.now
        var wait = IdleWait()
        while !receives.isEmpty || !sends.isEmpty {
            var arrived: [Int] = []
            for (rank, message) in receives where try message.poll() != nil { arrived.append(rank) }
            receives.removeAll { arrived.contains($0.rank) }
            sends = try sends.filter { try $0.poll() == nil }
            if !arrived.isEmpty {
                heard += arrived
                report(heard)
            }
            if let limit, ContinuousClock.now - began > limit {
                throw NoContactError(rank: world.rank, unheard: receives.map(\.rank))
            }
            wait.pause()
        }
        bytes.deallocate()
    }
}
