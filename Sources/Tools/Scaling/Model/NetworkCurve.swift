package import Communication

/// What a round of exchanges takes, by the bytes that the busiest rank sends or takes in: between two measured sizes the line
/// from the one to the other.
///
/// One line for all sizes would be wrong where MPI changes its ways: messages over TCP are announced from 64 KiB on, and
/// longer ones are cut in pieces.
package struct NetworkCurve: Sendable, Equatable {
    /// Rising in bytes; seconds never fall.
    private let points: [NetworkSample]

    /// `nil` without samples.
    ///
    /// More bytes do not take less time: where samples say so it is noise, and what they say is averaged (isotonic
    /// regression: Barlow and others, *Statistical inference under order restrictions*, 1972).
    package init?(_ samples: [NetworkSample]) {
        var blocks: [(seconds: Double, samples: [NetworkSample])] = []
        for sample in samples.filter({ $0.seconds > 0 }).sorted(by: { $0.bytes < $1.bytes }) {
            blocks.append((sample.seconds, [sample]))
            while let last = blocks.last, let before = blocks.dropLast().last,
                before.seconds > last.seconds || before.samples.last?.bytes == last.samples[0].bytes
            {
                let together = before.samples + last.samples
                blocks.removeLast(2)
                blocks.append((together.reduce(0) { $0 + $1.seconds } / Double(together.count), together))
            }
        }
        guard !blocks.isEmpty else { return nil }
        points = blocks.flatMap { block in
            Set(block.samples.map(\.bytes)).sorted().map { NetworkSample(bytes: $0, seconds: block.seconds) }
        }
    }

    /// A straight line.
    package init(_ model: NetworkModel) {
        points = [0, Self.lineBytes].map {
            NetworkSample(bytes: $0, seconds: model.seconds(rounds: 1, bytes: $0))
        }
    }

    private static let lineBytes = 1 << 30

    /// The line from the first point to the last.
    package var line: NetworkModel {
        let (first, last) = (points[0], points[points.count - 1])
        let perByte = last.bytes > first.bytes ? (last.seconds - first.seconds) / Double(last.bytes - first.bytes) : 0
        return NetworkModel(latency: max(0, first.seconds - perByte * Double(first.bytes)), secondsPerByte: perByte)
    }

    /// Seconds of one round; behind the last point the last line goes on, and before the first nothing is quicker.
    package func seconds(bytes: Int) -> Double {
        guard points.count > 1, bytes > points[0].bytes else { return points[0].seconds }
        let end = points.indices.dropFirst().first { points[$0].bytes >= bytes } ?? points.count - 1
        let (low, high) = (points[end - 1], points[end])
        let part = Double(bytes - low.bytes) / Double(high.bytes - low.bytes)
        return low.seconds + part * (high.seconds - low.seconds)
    }
}
