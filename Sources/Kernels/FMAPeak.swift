internal import CKernels

/// What all threads of a pool reach with fused multiply-adds in registers: the ceiling of every product.
package enum FMAPeak {
    /// GFLOP/s over some tens of milliseconds.
    package static func gigaflops(_ pool: ThreadPool, kernels: KernelSet = .active) -> Double {
        guard let probe = kernels.table.pointee.probe_fma else { return 0 }
        // Several tasks a thread, so that one that is held up does not hold up the measurement.
        let (tasks, rounds) = (8 * pool.threads, 100_000)
        var operations = [Double](repeating: 0, count: tasks)
        let time = ContinuousClock().measure {
            operations.withUnsafeMutableBufferPointer { operations in
                pool.run(tasks) { task in
                    var result: Float = 0.5
                    operations[task] = probe(rounds, &result)
                }
            }
        }
        return operations.reduce(0, +) / (time / .seconds(1)) / 1e9
    }
}
