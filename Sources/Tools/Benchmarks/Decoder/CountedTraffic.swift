internal import Communication
internal import Foundation
internal import SAILVL2Model

/// What the exchanges of steps cost, beside the steps themselves: medians of those that were counted.
final class CountedTraffic {
    private let decoder: Qwen3Decoder
    private var sent: [Double] = []
    private var waited: [Double] = []
    private var displaced: [Double] = []

    init(_ decoder: Qwen3Decoder) { self.decoder = decoder }

    func count(_ step: () throws -> Void) rethrows {
        let meter = decoder.communicator.meter
        let before = (bytes: meter.sentBytes, time: meter.time, displaced: Self.runDelay)
        try step()
        sent.append(Double(meter.sentBytes - before.bytes))
        waited.append((meter.time - before.time) / .seconds(1))
        displaced.append(Self.runDelay - before.displaced)
    }

    /// The largest figures that any rank has.
    ///
    /// Collective.
    ///
    /// - Parameter planned: the bytes of a step that this rank was to send.
    func busiest(planned: Int, of group: BenchmarkGroup) throws -> BenchmarkRow.Traffic {
        BenchmarkRow.Traffic(
            sentBytes: try group.maximum(Spread(sent).median),
            plannedBytes: try group.maximum(Double(planned)),
            waitSeconds: try group.maximum(Spread(waited).median),
            displacedSeconds: try group.maximum(Spread(displaced).median)
        )
    }

    /// Seconds for which the calling thread was ready to run while others had its processor; 0 where the kernel does not say.
    private static var runDelay: Double {
        let text = (try? String(contentsOfFile: "/proc/thread-self/schedstat", encoding: .utf8)) ?? ""
        let words = text.split(separator: " ")
        return words.count > 1 ? (Double(words[1]) ?? 0) * 1e-9 : 0
    }
}
