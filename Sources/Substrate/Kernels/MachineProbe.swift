internal import CKernels
internal import Tensors

/// What this machine can do: the ceilings that measurements are compared with, measured by the threads of a pool.
///
/// Every call takes some tens of milliseconds and is to be repeated in turns with what it is compared with.
package final class MachineProbe {
    private let pool: ThreadPool
    private let memory: ScratchMemory
    private let kernels = KernelSet.active
    /// Bytes that a task reads; small, so that threads end together.
    private static let chunk = 1 << 20

    /// - Parameter bytes: of memory that is read, on huge pages where there are any; far more than the caches hold.
    package init(pool: ThreadPool, bytes: Int = 512 << 20) {
        self.pool = pool
        memory = ScratchMemory(byteCount: max(1, bytes / Self.chunk) * Self.chunk)
        // Pages that were never written are all one page of zeros.
        pool.run(memory.byteCount / Self.chunk) { task in
            (memory.base + task * Self.chunk).initializeMemory(as: UInt64.self, repeating: 1, count: Self.chunk / 8)
        }
    }

    /// Bytes a second that all threads together read from memory.
    package func readBandwidth() -> Double {
        let read = kernels.table.pointee.probe_read
        let seconds = pool.step {
            Self.seconds {
                pool.run(memory.byteCount / Self.chunk) { task, thread in
                    let sum = read(memory.base + task * Self.chunk, Self.chunk)
                    pool.scratch(of: thread)[0] = Float(sum % 1024)
                }
            }
        }
        return Double(memory.byteCount) / seconds
    }

    /// Floating-point operations a second of multiply-adds in registers, two each, on all threads.
    package func multiplyAddPeak(rounds: Int = 100_000) -> Double {
        rate(of: kernels.table.pointee.probe_fma, rounds)
    }

    /// The same of products of bfloat16 added up in float32: the dot products of pairs where the processor has them.
    package func bfloat16Peak(rounds: Int = 100_000) -> Double {
        kernels.table.pointee.probe_bfloat16.map { rate(of: $0, rounds) } ?? multiplyAddPeak(rounds: rounds)
    }

    /// Integer operations a second of products of eight-bit numbers in registers, two a product, on all threads.
    package func integerDotPeak(rounds: Int = 100_000) -> Double {
        let probe = kernels.table.pointee.probe_dot
        return rate { thread in
            var result: Int32 = 3
            let operations = probe(rounds, &result)
            pool.scratch(of: thread)[0] = Float(result)
            return operations
        }
    }

    private func rate(of probe: (Int, UnsafeMutablePointer<Float>?) -> Double, _ rounds: Int) -> Double {
        rate { thread in
            var result: Float = 0.5
            let operations = probe(rounds, &result)
            pool.scratch(of: thread)[0] = result
            return operations
        }
    }

    /// Operations a second of `body` on every thread, which gets the thread's number and returns its operations.
    private func rate(_ body: (Int) -> Double) -> Double {
        var operations = [Double](repeating: 0, count: 4 * pool.threads)
        let seconds = pool.step {
            Self.seconds {
                operations.withUnsafeMutableBufferPointer { operations in
                    nonisolated(unsafe) let operations = operations
                    pool.run(operations.count) { task, thread in operations[task] = body(thread) }
                }
            }
        }
        return operations.reduce(0, +) / seconds
    }

    /// Floating-point operations a second of OpenBLAS, `side`³ multiply-adds on every thread.
    package func matrixProductRate(side: Int = 1024) -> Double {
        let buffers = (0..<3 * pool.threads).map { _ in FloatBuffer(count: side * side) }
        for buffer in buffers { buffer.pointer.update(repeating: 0.25, count: buffer.count) }
        let seconds = Self.seconds {
            pool.run(pool.threads) { task in
                let (a, b, c) = (buffers[3 * task], buffers[3 * task + 1], buffers[3 * task + 2])
                let left = BLAS.Matrix(a.pointer, rows: side, columns: side)
                let right = BLAS.Matrix(b.pointer, rows: side, columns: side)
                BLAS.multiplyTransposed(left, right, into: Rows(c.pointer, count: side, width: side))
            }
        }
        return 2 * Double(pool.threads) * Double(side * side) * Double(side) / seconds
    }

    private static func seconds(_ body: () -> Void) -> Double { ContinuousClock().measure(body) / .seconds(1) }
}
