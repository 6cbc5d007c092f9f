package import Communication

/// What an exchange of so many bytes took.
package struct NetworkSample: Codable, Sendable, Equatable {
    /// Sent by each rank.
    package var bytes: Int
    package var seconds: Double

    package init(bytes: Int, seconds: Double) { (self.bytes, self.seconds) = (bytes, seconds) }
}

/// The line `t = α + β n` through measured exchanges.
///
/// Least squares of relative errors: an exchange of 8 bytes counts as much as one of a megabyte.
package struct NetworkFit: Sendable, Equatable {
    package let model: NetworkModel
    /// The most that a sample is off the line, relative to the sample.
    package let worstError: Double

    /// `nil` without samples of two sizes at least.
    package init?(_ samples: [NetworkSample]) {
        let valid = samples.filter { $0.seconds > 0 }
        guard Set(valid.map(\.bytes)).count >= 2 else { return nil }
        // Of α/t + β n/t = 1, by the normal equations.
        var (one, mixed, square, alone, bytes) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for sample in valid {
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
        let model = NetworkModel(latency: latency, secondsPerByte: perByte)
        self.model = model
        worstError = valid.map { abs(model.seconds(rounds: 1, bytes: $0.bytes) / $0.seconds - 1) }.max() ?? 0
    }
}

extension NetworkModel {
    /// The rate of long messages.
    package var gigabitsPerSecond: Double { 8e-9 / max(secondsPerByte, 1e-15) }

    package init(gigabitsPerSecond: Double, latencyMicroseconds: Double) {
        self.init(latency: latencyMicroseconds * 1e-6, secondsPerByte: 8e-9 / gigabitsPerSecond)
    }
}
