internal import CKernels
internal import Glibc

/// Threads of the lowest priority beside a pool's own: idle processors take part in its work, and nobody waits for them.
///
/// A helper gives its processor up at once when any other thread wants it, for as long as that takes. So it holds
/// nothing that others need: what it has begun is done again by the pool's threads, unless it has finished before them. It
/// takes no lock and allocates nothing.
final class Helpers {
    /// One half of some tasks.
    ///
    /// What helpers compute is kept until none of them has to do with it any more, which may be after the work is over.
    final class Work {
        typealias Body = (_ task: Int, _ area: UnsafeMutablePointer<Float>) -> Void

        /// `nil` where there is nothing to compute first: a helper then holds a task while it does it, some microseconds.
        let body: Body?
        private let memory: [ScratchMemory]
        /// By the number of the thread.
        private let areas: [UnsafeMutablePointer<Float>]

        init(_ body: Body?, areas memory: [ScratchMemory]) {
            self.body = body
            self.memory = memory
            areas = memory.map(\.floats)
        }

        fileprivate static func call(_ context: UnsafeMutableRawPointer?, _ task: Int, _ thread: Int) {
            guard let context else { return }
            let work = Unmanaged<Work>.fromOpaque(context).takeUnretainedValue()
            work.body?(task, work.areas[thread])
        }
    }

    let count: Int
    private let handle: OpaquePointer
    private(set) var areas: [ScratchMemory] = []

    init(_ count: Int, firstThread: Int, processors: [Int]?) {
        let numbers = (processors ?? []).map { Int32($0) }
        guard let handle = ck_helpers_create(count, firstThread, numbers, numbers.count) else {
            preconditionFailure("the system refused \(count) threads")
        }
        self.count = count
        self.handle = handle
    }

    deinit {
        ck_helpers_stop(handle)
        collect()
        ck_helpers_destroy(handle)
    }

    func wake() { ck_helpers_wake(handle) }
    func rest() { ck_helpers_rest(handle) }

    /// Tasks that helpers have finished.
    var finishedTasks: Int { ck_helpers_finished(handle) }

    /// Has helpers begin at once, on processors that others use too: for tests.
    func beIncautious() { ck_helpers_set_cautious(handle, false) }

    /// New work areas; helpers that still use old ones keep those.
    func reserve(byteCount: Int) { areas = (0..<count).map { _ in ScratchMemory(byteCount: byteCount) } }

    /// Opens work of so many tasks, which `body` has the pool's threads drive until all are finished.
    func open(_ tasks: Int, _ work: Work, finish: Work, _ body: (_ drive: (_ thread: Int) -> Void) -> Void) {
        collect()
        let owner = Unmanaged.passRetained(work)
        ck_helpers_open(
            handle,
            tasks,
            work.body == nil ? nil : { Work.call($0, $1, $2) },
            owner.toOpaque(),
            { Work.call($0, $1, $2) },
            Unmanaged.passUnretained(finish).toOpaque(),
            owner.toOpaque()
        )
        withExtendedLifetime(finish) { body { ck_helpers_drive(handle, $0) } }
        ck_helpers_close(handle)
        collect()
    }

    /// Waits until no helper reads what it was given: before memory goes that work of the past was about.
    func settle() {
        collect()
        while ck_helpers_owners(handle) > 0 {
            usleep(200)
            collect()
        }
    }

    /// Lets go of work that no helper has to do with any more; never called by a helper.
    private func collect() {
        while let owner = ck_helpers_collect(handle) { Unmanaged<Work>.fromOpaque(owner).release() }
    }
}
