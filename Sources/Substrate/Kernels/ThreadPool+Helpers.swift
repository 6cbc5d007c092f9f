internal import CKernels

extension ThreadPool {
    /// Helpers beside the pool's threads.
    package var helperCount: Int { helpers?.count ?? 0 }

    /// Tasks that helpers have finished.
    package var tasksOfHelpers: Int { helpers?.finishedTasks ?? 0 }

    /// Computes and finishes each task in `0..<tasks` on all threads, those of helpers too, and returns when all are finished.
    ///
    /// - Parameters:
    ///   - floats: of the work area of each thread.
    ///   - compute: writes nothing but the work area that it is given. It may still run, for nobody, when this has returned:
    ///     what it reads through pointers must last until ``settle()``.
    ///   - finish: puts what was computed in its place, on the same thread, once for each task.
    package func share(
        _ tasks: Int,
        floats: Int,
        compute: @escaping (_ task: Int, _ area: UnsafeMutablePointer<Float>) -> Void,
        finish: (_ task: Int, _ area: UnsafeMutablePointer<Float>) -> Void
    ) {
        reserveScratch(floatsPerThread: floats, shared: 0)
        guard let helpers else {
            return run(tasks) { task, thread in
                compute(task, scratch(of: thread))
                finish(task, scratch(of: thread))
            }
        }
        let areas = areas + helpers.areas
        withoutActuallyEscaping(finish) { finish in
            drive(tasks, helpers, Helpers.Work(compute, areas: areas), finish: Helpers.Work(finish, areas: areas))
        }
    }

    /// Calls `body(task)` for each task in `0..<tasks` on all threads, those of helpers too, for what takes microseconds.
    package func share(_ tasks: Int, _ body: (_ task: Int) -> Void) {
        guard let helpers else { return run(tasks, body) }
        let areas = areas + helpers.areas
        withoutActuallyEscaping(body) { body in
            let finish = Helpers.Work({ task, _ in body(task) }, areas: areas)
            drive(tasks, helpers, Helpers.Work(nil, areas: []), finish: finish)
        }
    }

    private func drive(_ tasks: Int, _ helpers: Helpers, _ compute: Helpers.Work, finish: Helpers.Work) {
        helpers.open(tasks, compute, finish: finish) { drive in
            run(threads) { _, thread in drive(thread) }
        }
    }

    /// Waits until no helper reads what earlier work was about, so that its memory may go.
    package func settle() { helpers?.settle() }

    /// Lets the caller, and threads that it creates later, have less of their processors than others.
    ///
    /// - Returns: whether the system agreed.
    @discardableResult
    package static func giveWay(nice: Int) -> Bool { ck_give_way(Int32(nice)) }
}
