package import Communication

/// What an exchange of so many bytes took.
package struct NetworkSample: Codable, Sendable, Equatable {
    /// Sent by each rank.
    package var bytes: Int
    package var seconds: Double

    package init(bytes: Int, seconds: Double) { (self.bytes, self.seconds) = (bytes, seconds) }
}

/// What exchanges cost: a line for short messages, and another for long ones, which MPI announces before it sends them.
package struct NetworkLines: Sendable, Equatable {
    package var short: NetworkModel
    package var long: NetworkModel
    /// Bytes that a rank sends in one round at most for its messages to be short.
    package var limit: Int

    /// Open MPI sends messages over TCP without asking that are shorter, with its own header, than so many bytes
    /// (`btl_tcp_eager_limit`).
    package static let eagerBytes = 64 << 10

    package init(short: NetworkModel, long: NetworkModel, limit: Int) {
        (self.short, self.long, self.limit) = (short, long, limit)
    }

    /// One line for all.
    package init(_ model: NetworkModel) { self.init(short: model, long: model, limit: .max) }

    /// Seconds of so many rounds, in which the busiest rank moves `bytes` in all.
    package func seconds(rounds: Int, bytes: Int) -> Double {
        (bytes / max(rounds, 1) <= limit ? short : long).seconds(rounds: rounds, bytes: bytes)
    }
}

/// The lines `t = α + β n` through measured exchanges.
///
/// Least squares of relative errors: an exchange of 8 bytes counts as much as one of a megabyte.
package struct NetworkFit: Sendable, Equatable {
    package let lines: NetworkLines
    /// The most that a sample is off its line, relative to the sample.
    package let worstError: Double

    /// `nil` without samples of two sizes at least.
    ///
    /// - Parameter ranks: that exchange something, each with each other.
    package init?(_ samples: [NetworkSample], ranks: Int) {
        let limit = (NetworkLines.eagerBytes - 1) * max(ranks - 1, 1)
        let valid = samples.filter { $0.seconds > 0 }
        let (few, many) = (valid.filter { $0.bytes <= limit }, valid.filter { $0.bytes > limit })
        guard let all = Self.line(valid) else { return nil }
        // Where one kind is missing the other must do.
        let lines = NetworkLines(short: Self.line(few) ?? all, long: Self.line(many) ?? all, limit: limit)
        self.lines = lines
        worstError = valid.map { abs(lines.seconds(rounds: 1, bytes: $0.bytes) / $0.seconds - 1) }.max() ?? 0
    }

    private static func line(_ samples: [NetworkSample]) -> NetworkModel? {
        guard Set(samples.map(\.bytes)).count >= 2 else { return nil }
        // Of α/t + β n/t = 1, by the normal equations.
        var (one, mixed, square, alone, bytes) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for sample in samples {
            let inverse = 1 / sample.seconds
            let share = Double(sample.bytes) * inverse
            one += inverse * inverse
            mixed += inverse * share
            square += share * share
            alone += inverse
            bytes += share
        }
        let determinant = one * square - mixed * mixed
        var latency = (alone * square - bytes * mixed) / determinant
        var perByte = (bytes * one - alone * mixed) / determinant
        // Noise can tilt the line so that one of them is below zero, which no network is.
        if latency < 0 { (latency, perByte) = (0, bytes / square) }
        if perByte < 0 { (latency, perByte) = (alone / one, 0) }
        return NetworkModel(latency: latency, secondsPerByte: perByte)
    }
}

extension NetworkModel {
    /// The rate of long messages.
    package var gigabitsPerSecond: Double { 8e-9 / max(secondsPerByte, 1e-15) }

    package init(gigabitsPerSecond: Double, latencyMicroseconds: Double) {
        self.init(latency: latencyMicroseconds * 1e-6, secondsPerByte: 8e-9 / gigabitsPerSecond)
    }
}
