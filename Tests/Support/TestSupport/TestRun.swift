import Foundation

/// What a test run needs before it starts other programs, whoever started it and however.
package enum TestRun {
    /// Makes it so, once.
    package static func prepare() { _ = prepared }

    private static let prepared: Void = {
        if geteuid() == 0 {
            // In a container root runs the tests; Open MPI wants to hear that it is meant.
            setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1)
            setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1)
        }
        endWithParent()
    }()

    /// Ends this process when the one that started it has gone: `swift test`, killed, leaves its tests running else.
    private static func endWithParent() {
        let parent = getppid()
        let thread = Thread {
            while getppid() == parent { usleep(500_000) }
            kill(getpid(), SIGKILL)
        }
        thread.name = "parent watch"
        thread.start()
    }
}
