/// The exit codes of `flotilla`, which other tools rely on.
///
/// They avoid 1 (mpirun's own), 110 (mpirun's time-out) and 126–143 (the shell's and the signals').
package enum ExitCode: Int32, Sendable {
    /// Done, or drained on request.
    case success = 0
    /// A wrong option, argument or input.
    case usage = 2
    /// The ranks of a group do not agree (other binary, checkpoint or options).
    case ranksDisagree = 3
    /// The checkpoint is missing, broken or not supported.
    case checkpoint = 4
    /// The plan needs more memory than there is.
    case outOfMemory = 5
    /// `mpirun` or a rank could not be started.
    case launchFailed = 6
    /// A rank was lost while the group worked.
    case rankLost = 7
    /// The address to listen on is taken.
    case addressInUse = 8
    /// A receipt is not confirmed.
    case notConfirmed = 9
    /// Our own bug.
    case internalError = 70
}
