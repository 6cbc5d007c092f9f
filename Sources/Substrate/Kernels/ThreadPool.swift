internal import CKernels

/// The threads of a rank, which share the tasks of one kernel after the other.
///
/// Inside a step (`step`) the workers spin for the next kernel, a microsecond away; after some fifty microseconds they
/// yield, so that more threads than processors stay usable. Outside they sleep and cost nothing. The calling thread
/// works too. Not `Sendable`: a pool belongs to the thread that runs the steps.
///
/// The pool also owns the work areas of the kernels, so that a step allocates nothing once it has been seen.
///
/// Besides its threads it may have helpers, which take part in ``share(_:floats:compute:finish:)`` alone.
package final class ThreadPool {
    /// Threads, the caller's included, without helpers.
    package let threads: Int

    let handle: OpaquePointer
    /// Where the pieces of a product are dealt out.
    let parts: OpaquePointer
    /// Threads of the lowest priority, if there are any.
    let helpers: Helpers?
    /// The work areas of the pool's threads.
    private(set) var areas: [ScratchMemory] = []
    private var sharedScratch = ScratchMemory(byteCount: 64)

    /// Restricts the calling thread, and threads that it creates later, to some of the processors that it may use,
    /// numbered from 0; `false` if there are not so many.
    package static func bindCaller(processors: Range<Int>) -> Bool {
        ck_bind_caller(processors.lowerBound, processors.count)
    }

    /// - Parameters:
    ///   - threads: At least 1, the caller's included.
    ///   - helpers: Threads that work only while nobody else wants their processors.
    ///   - helperProcessors: Where helpers may run, by the kernel's numbers; `nil` is wherever the caller may.
    ///   - binding: Binds each worker to a processor if the process may use exactly `threads` of them.
    package init(threads: Int, helpers: Int = 0, helperProcessors: [Int]? = nil, binding: Bool = true) {
        precondition(threads >= 1, "a pool of \(threads) threads")
        guard let handle = ck_thread_pool_create(threads, binding), let parts = ck_parts_create(threads) else {
            preconditionFailure("the system refused \(threads) threads")
        }
        self.threads = threads
        (self.handle, self.parts) = (handle, parts)
        self.helpers = helpers > 0 ? Helpers(helpers, firstThread: threads, processors: helperProcessors) : nil
        reserveScratch(floatsPerThread: 16_384, shared: 16)
    }

    deinit {
        ck_thread_pool_destroy(handle)
        ck_parts_destroy(parts)
    }

    /// What the calling thread does between its tasks, and while it waits for the others'.
    ///
    /// Something short: messages that must be moved on while kernels run.
    package var errand: (() -> Void)? {
        didSet {
            guard (errand == nil) != (oldValue == nil) else { return }
            let context = Unmanaged.passUnretained(self).toOpaque()
            ck_thread_pool_set_errand(
                handle,
                errand == nil
                    ? nil : { $0.map { Unmanaged<ThreadPool>.fromOpaque($0).takeUnretainedValue().errand?() } },
                context
            )
        }
    }

    /// Keeps the workers awake while `body` runs one kernel after the other.
    package func step<T>(_ body: () throws -> T) rethrows -> T {
        beginStep()
        defer { endStep() }
        return try body()
    }

    /// Wakes the workers; `endStep` lets them sleep again.
    package func beginStep() {
        ck_thread_pool_begin_step(handle)
        helpers?.wake()
    }

    package func endStep() {
        helpers?.rest()
        ck_thread_pool_end_step(handle)
    }

    /// Calls `body(task)` for each task in `0..<tasks` on all threads and returns when all are done.
    ///
    /// Tasks are claimed one by one. Must not be called from inside a task.
    package func run(_ tasks: Int, _ body: (Int) -> Void) {
        run(tasks) { task, _ in body(task) }
    }

    /// The same with the thread's number, `0..<threads`, for work areas.
    ///
    /// Allocates nothing where closures can be lent. Never inlined, so that the closure lives until the last task is done.
    @inline(never)
    package func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        precondition(tasks >= 0, "\(tasks) tasks")
        guard BorrowedTask.isSound else { return runCopied(tasks, body) }
        var borrowed = BorrowedTask(body)
        let started = ck_thread_pool_run(
            handle,
            tasks,
            { context, task, thread in context?.assumingMemoryBound(to: BorrowedTask.self).pointee(task, thread) },
            &borrowed
        )
        precondition(started, "ThreadPool.run was called from inside a task")
    }

    /// The same with a copy of the closure, as the language defines it.
    func runCopied(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            let copy = CopiedTask(body: body)
            withUnsafePointer(to: copy) { copy in
                let started = ck_thread_pool_run(
                    handle,
                    tasks,
                    { context, task, thread in
                        context?.assumingMemoryBound(to: CopiedTask.self).pointee.body(task, thread)
                    },
                    UnsafeMutableRawPointer(mutating: copy)
                )
                precondition(started, "ThreadPool.run was called from inside a task")
            }
        }
    }

    /// Splits `0..<count` into ranges of about `grain` for the threads; one call on this thread if there is little.
    package func runRanges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let grain = max(grain, 1)
        guard threads > 1, count > grain else { return body(0..<count) }
        let tasks = (count + grain - 1) / grain
        run(tasks) { task in body(task * grain..<min(count, (task + 1) * grain)) }
    }

    /// Makes the work areas at least this large; what they held is lost when they grow.
    package func reserveScratch(floatsPerThread: Int, shared: Int = 0) {
        let perThreadBytes = floatsPerThread * MemoryLayout<Float>.stride
        if perThreadBytes > areas.first?.byteCount ?? 0 {
            areas = (0..<threads).map { _ in ScratchMemory(byteCount: perThreadBytes) }
            helpers?.reserve(byteCount: perThreadBytes)
        }
        let sharedBytes = shared * MemoryLayout<Float>.stride
        if sharedBytes > sharedScratch.byteCount { sharedScratch = ScratchMemory(byteCount: sharedBytes) }
    }

    /// The work area of one thread, and the one that all threads share.
    func scratch(of thread: Int) -> UnsafeMutablePointer<Float> { areas[thread].floats }
    var shared: UnsafeMutablePointer<Float> { sharedScratch.floats }
}
