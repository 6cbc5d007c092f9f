internal import Foundation
internal import Requests
package import WireProtocol

/// Sends requests to a server as its users would, and notes when what came.
package struct LoadGenerator: Sendable {
    /// How requests arrive.
    package enum Arrivals: Sendable, Equatable {
        /// Open loop: so many a second on average, at random times that do not depend on the answers (Poisson).
        case rate(Double)
        /// Closed loop: so many under way at all times.
        case concurrency(Int)
    }

    /// One kind of request.
    package struct Prompt: Sendable {
        package var body: GenerateBody
        package var pictures: [[UInt8]]

        package init(body: GenerateBody, pictures: [[UInt8]]) {
            self.body = body
            self.pictures = pictures
        }
    }

    package var arrivals: Arrivals
    package var requests: Int
    package var seed: UInt64
    /// The `number`th request.
    package var prompt: @Sendable (_ number: Int) -> Prompt

    package init(
        arrivals: Arrivals,
        requests: Int,
        seed: UInt64,
        prompt: @escaping @Sendable (_ number: Int) -> Prompt
    ) {
        self.arrivals = arrivals
        self.requests = requests
        self.seed = seed
        self.prompt = prompt
    }

    /// Sends all requests to a server; what became of each, in the order of their arrival.
    ///
    /// - Throws: ``ClientError`` if the server is not there any more.
    package func run(on target: some LoadTarget) async throws -> LoadResult {
        let began = ContinuousClock.now
        let records = try await withThrowingTaskGroup(of: (Int, RequestRecord).self) { group in
            var records: [Int: RequestRecord] = [:]
            switch arrivals {
            case .rate(let rate):
                var clock = PoissonClock(rate: rate, seed: seed)
                for number in 0..<requests {
                    // When it is due, whatever has become of the others: waiting for answers would hide the queue.
                    try await Task.sleep(until: began + .seconds(clock.next()))
                    group.addTask { (number, try await target.run(number, prompt(number))) }
                }
            case .concurrency(let limit):
                for number in 0..<requests {
                    if number >= limit, let (done, record) = try await group.next() { records[done] = record }
                    group.addTask { (number, try await target.run(number, prompt(number))) }
                }
            }
            for try await (number, record) in group { records[number] = record }
            return records
        }
        let duration = (ContinuousClock.now - began) / .seconds(1)
        return LoadResult(records: (0..<requests).compactMap { records[$0] }, seconds: duration)
    }

}

/// A server under load.
package protocol LoadTarget: Sendable {
    /// Sends the `number`th request; what became of it.
    func run(_ number: Int, _ prompt: LoadGenerator.Prompt) async throws -> RequestRecord
}

extension ServerConnection: LoadTarget {
    package func run(_ number: Int, _ prompt: LoadGenerator.Prompt) async throws -> RequestRecord {
        guard let id = RequestId("load-\(number)") else { preconditionFailure("load-\(number) is a valid id") }
        var record = RequestRecord()
        let began = ContinuousClock.now
        for await event in generate(id, prompt.body, pictures: prompt.pictures) {
            let now = (ContinuousClock.now - began) / .seconds(1)
            switch event {
            case .text(_, let piece), .think(_, let piece):
                for _ in piece.ids { record.tokens.append(now) }
            case .end(_, let end):
                record.end = now
                record.finish = end.finish
                return record
            case .err(_, let error):
                record.end = now
                record.error = error.code.rawValue
                return record
            default: break
            }
        }
        throw ClientError.connectionLost("the server")
    }
}

/// Connections of the line protocol, which requests take in turn.
package struct LineLoadTarget: LoadTarget {
    private let connections: [ServerConnection]

    /// - Parameter connections: one at least.
    package init(_ connections: [ServerConnection]) { self.connections = connections }

    package func run(_ number: Int, _ prompt: LoadGenerator.Prompt) async throws -> RequestRecord {
        try await connections[number % connections.count].run(number, prompt)
    }
}

/// Times of arrivals that do not know of each other.
struct PoissonClock {
    private let rate: Double
    private var state: UInt64
    private var time = 0.0

    init(rate: Double, seed: UInt64) {
        self.rate = rate
        state = seed
    }

    /// Seconds from the start to the next arrival.
    mutating func next() -> Double {
        // SplitMix64, so that a seed means the same arrivals everywhere.
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        let uniform = (Double((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53
        time += -log(uniform) / rate
        return time
    }
}
