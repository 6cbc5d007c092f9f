import Communication
import Foundation
import Kernels
import SAILVL2Model

/// How long an all-reduce takes: the median of many, of one row of so many bytes.
enum AllReduceTiming {
    static func run(_ world: MPICommunicator) throws {
        let fabric = try world.fabric()
        for bytes in [8 << 10, 16 << 10, 64 << 10, 1 << 20] {
            // One leaf a rank; rows of a hidden size of 4096, as many as make the bytes.
            let width = min(bytes / 4, 4096)
            let rows = bytes / 4 / width
            let test = TestReduce(fabric, leafCount: world.size, width: width, maxRows: rows, isEven: true)
            let values = [Float](repeating: 1, count: rows * width * 8)
            var durations: [Double] = []
            for _ in 0..<(bytes > 1 << 16 ? 400 : 4000) {
                let place = test.reduce.destination(rows: rows)
                place.base.update(from: values, count: rows * place.stride)
                let began = ContinuousClock.now
                try test.reduce(rows: rows)
                durations.append((ContinuousClock.now - began) / .microseconds(1))
            }
            durations.sort()
            let text = "\(bytes) bytes: median \(durations[durations.count / 2]) us, least \(durations[0]) us"
            if world.rank == 0 { print(text, test.reduce.isShared ? "(shared)" : "(messages)") }
        }
    }
}
