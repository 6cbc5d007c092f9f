internal import CMPI
internal import Glibc

/// The life of MPI in this process.
package enum MPIRuntime {
    /// Initialises MPI, lets all ranks meet, runs `body` with the world communicator, and finalises MPI.
    ///
    /// A rank that fails cannot just leave: the others would wait for ever in their next collective. So an
    /// error that `body` throws does not return: `onFailure` tells the world and says the exit code, and
    /// `MPI_Abort` ends the whole job with it.
    ///
    /// - Parameters:
    ///   - contactLimit: for the ranks to hear of each other; `nil` leaves it to somebody else to count.
    ///   - onContact: told of the ranks that were heard so far, first of none.
    package static func run(
        contactLimit: Duration? = .seconds(30),
        onContact: ([Int]) -> Void = { _ in },
        _ body: (MPICommunicator) throws -> Void,
        onFailure: (any Error) -> Int32
    ) throws(MPIError) {
        try MPIError.check(cmpi_init_funneled(), "MPI_Init_thread")
        do {
            try FirstContact.run(within: contactLimit, onContact)
            guard let handle = cmpi_dup_world() else {
                throw MPIError(call: "MPI_Comm_dup", text: "no duplicate of MPI_COMM_WORLD")
            }
            try body(MPICommunicator(adopting: handle))
        } catch {
            let code = onFailure(error)
            cmpi_abort(code)
            _exit(code)
        }
        // The communicator is gone here, before MPI_Finalize.
        _ = cmpi_finalize()
    }
}
