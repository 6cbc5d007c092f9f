internal import Kernels

/// What the machine itself can do, before anything of ours runs: memory, arithmetic, OpenBLAS.
package struct MachineBenchmark {
    private let rounds: Int

    package init(rounds: Int) { self.rounds = rounds }

    /// - Parameters:
    ///   - threads: of the pool that measures.
    ///   - bytes: of memory that is read in a round.
    package func rows(threads: Int, bytes: Int = 512 << 20) -> [BenchmarkRow] {
        let probe = MachineProbe(pool: ThreadPool(threads: threads), bytes: bytes)
        let isa = KernelSet.active.name
        let measurements: [(name: String, subject: String, format: String, unit: String, scale: Double, () -> Double)] = [
            ("read", "memory, huge pages", "", "GB/s", 1e9, probe.readBandwidth),
            ("multiply-add", "registers, \(isa)", "float32", "GFLOP/s", 1e9, { probe.multiplyAddPeak() }),
            ("sgemm", "OpenBLAS, 1024³ a thread", "float32", "GFLOP/s", 1e9, { probe.matrixProductRate() }),
        ]
        // In turns: the first round warms up and does not count.
        var values = [[Double]](repeating: [], count: measurements.count)
        for round in 0...rounds {
            for (index, measurement) in measurements.enumerated() {
                let value = measurement.5() / measurement.scale
                if round > 0 { values[index].append(value) }
            }
        }
        return zip(measurements, values).map { measurement, values in
            var row = BenchmarkRow(
                measurement.name,
                measurement.subject,
                figure: Spread(values),
                unit: measurement.unit
            )
            row.format = measurement.format
            row.threads = threads
            return row
        }
    }
}
