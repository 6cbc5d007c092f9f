internal import Kernels

/// What the machine itself can do, before anything of ours runs: memory, arithmetic, OpenBLAS.
package struct MachineBenchmark {
    private let rounds: Int

    package init(rounds: Int) { self.rounds = rounds }

    /// - Parameters:
    ///   - threads: of the pool that measures.
    ///   - bytes: of memory that is read in a round.
    ///   - blas: whose product is measured too, where there is one.
    package func rows(threads: Int, bytes: Int = 512 << 20, blas: OpenBLAS?) -> [BenchmarkRow] {
        let probe = MachineProbe(pool: ThreadPool(threads: threads), bytes: bytes)
        var measurements = [
            Measurement(name: "read", subject: "memory, huge pages", unit: "GB/s", rate: probe.readBandwidth),
            Measurement(
                name: "multiply-add",
                subject: "registers, \(KernelSet.active.name)",
                format: "float32",
                rate: { probe.multiplyAddPeak() }
            ),
            Measurement(
                name: "dot",
                subject: "registers, \(KernelSet.active.name)",
                format: "bf16",
                rate: { probe.bfloat16Peak() }
            ),
            Measurement(
                name: "dot",
                subject: "registers, \(KernelSet.active.name)",
                format: "int8",
                unit: "GOP/s",
                rate: { probe.integerDotPeak() }
            ),
        ]
        if let blas {
            let name = "OpenBLAS (\(blas.coreName)), 1024³ a thread"
            measurements.append(
                Measurement(name: "sgemm", subject: name, format: "float32", rate: { probe.matrixProductRate(blas) })
            )
        }
        // In turns: the first round warms up and does not count.
        var values = [[Double]](repeating: [], count: measurements.count)
        for round in 0...rounds {
            for (index, measurement) in measurements.enumerated() {
                let value = measurement.rate() / 1e9
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

    private struct Measurement {
        var name, subject: String
        var format = ""
        var unit = "GFLOP/s"
        /// Bytes or operations a second.
        var rate: () -> Double
    }
}
