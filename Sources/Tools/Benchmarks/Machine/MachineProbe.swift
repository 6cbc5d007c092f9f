package import Kernels
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
        let seconds = pool.step {
            Self.seconds {
                pool.run(memory.byteCount / Self.chunk) { task in
                    kernels.readStreams(memory.base + task * Self.chunk, byteCount: Self.chunk)
                }
            }
        }
        return Double(memory.byteCount) / seconds
    }

    /// Floating-point operations a second of multiply-adds in registers, two each, on all threads.
    package func multiplyAddPeak(rounds: Int = 100_000) -> Double {
        rate { kernels.multiplyAdds(rounds: rounds) }
    }

    /// The same of products of bfloat16 added up in float32: the dot products of pairs where the processor has them.
    package func bfloat16Peak(rounds: Int = 100_000) -> Double {
        rate { kernels.bfloat16Dots(rounds: rounds) }
    }

    /// Integer operations a second of products of eight-bit numbers in registers, two a product, on all threads.
    package func integerDotPeak(rounds: Int = 100_000) -> Double {
        rate { kernels.integerDots(rounds: rounds) }
    }

    /// Operations a second of `body` on every thread, which returns its operations.
    private func rate(_ body: () -> Double) -> Double {
        var operations = [Double](repeating: 0, count: 4 * pool.threads)
        let seconds = pool.step {
            Self.seconds {
                operations.withUnsafeMutableBufferPointer { operations in
                    nonisolated(unsafe) let operations = operations
                    pool.run(operations.count) { task in operations[task] = body() }
                }
            }
        }
        return operations.reduce(0, +) / seconds
    }

    /// Floating-point operations a second of OpenBLAS, `side`³ multiply-adds on every thread.
    package func matrixProductRate(_ blas: OpenBLAS, side: Int = 1024) -> Double {
        let buffers = (0..<3 * pool.threads).map { _ in FloatBuffer(count: side * side) }
        for buffer in buffers { buffer.pointer.update(repeating: 0.25, count: buffer.count) }
        let seconds = Self.seconds {
            pool.run(pool.threads) { task in
                let (a, b, c) = (buffers[3 * task], buffers[3 * task + 1], buffers[3 * task + 2])
                func square(_ buffer: FloatBuffer) -> Rows { Rows(buffer.pointer, count: side, width: side) }
                blas.multiplyTransposed(square(a), square(b), into: square(c))
            }
        }
        return 2 * Double(pool.threads) * Double(side * side) * Double(side) / seconds
    }

    private static func seconds(_ body: () -> Void) -> Double { ContinuousClock().measure(body) / .seconds(1) }
}
