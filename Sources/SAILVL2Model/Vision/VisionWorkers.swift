import Kernels
import Tensors

/// The threads that compute the tower, each with a work area of its own.
struct VisionWorkers {
    let pool: ThreadPool
    private let scratch: [FloatBuffer]

    /// - Parameter scratchCount: float32 numbers of each thread's work area.
    init(pool: ThreadPool, scratchCount: Int) {
        self.pool = pool
        scratch = (0..<pool.threads).map { _ in FloatBuffer(count: scratchCount) }
    }

    /// Calls `body` for each of `0..<blocks` with the work area of the thread that has claimed it.
    ///
    /// Which thread claims what is left to chance, so a block's result must not depend on it.
    func forEach(_ blocks: Int, _ body: (_ block: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void) {
        pool.run(blocks) { block, thread in body(block, scratch[thread].pointer) }
    }
}
