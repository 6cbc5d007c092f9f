import Foundation

/// A lock, and a way to sleep until another thread says that something has changed.
///
/// Foundation's waits until a time of day: when somebody sets the clock, its limits come too early or not at all. This one
/// goes by ``Clock``.
final class MonotonicCondition: @unchecked Sendable {
    // Safe because POSIX allows any thread to use both at addresses that do not change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }
    func signal() { pthread_cond_signal(condition) }
    func broadcast() { pthread_cond_broadcast(condition) }

    /// Gives the lock up, sleeps until a signal, and takes it again; also comes back without a reason now and then.
    func wait() { pthread_cond_wait(condition, mutex) }

    /// The same, but `false` once `deadline`, a time of ``Clock``, is over.
    func wait(until deadline: Duration) -> Bool {
        let (seconds, attoseconds) = deadline.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }
}
