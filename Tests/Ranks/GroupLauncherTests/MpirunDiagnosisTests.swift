import Testing

@testable import GroupLauncher

/// What Open MPI 4.1.4 prints, word for word.
struct MpirunDiagnosisTests {
    private static let rule = String(repeating: "-", count: 74)

    private func diagnosis(_ text: String) -> MpirunDiagnosis {
        MpirunDiagnosis(
            lines: text.replacing("===", with: Self.rule).split(separator: "\n", omittingEmptySubsequences: false).map(
                String.init
            )
        )
    }

    @Test func theKilledRankIsNamed() {
        let found = diagnosis(
            """
            ===
            Primary job  terminated normally, but 1 process returned
            a non-zero exit code. Per user-direction, the job has been aborted.
            ===
            ===
            mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).
            ===
            """
        )
        #expect(found.firstEnded == .init(rank: 1, end: .signalled(9)))
        #expect(
            found.sentence == "Primary job terminated normally, but 1 process returned a non-zero exit code. "
                + "Per user-direction, the job has been aborted"
        )
    }

    @Test func aRankThatExitedIsNamed() {
        let found = diagnosis(
            """
            ===
            mpirun detected that one or more processes exited with non-zero status, thus causing
            the job to be terminated. The first process to do so was:

              Process name: [[26010,1],2]
              Exit code:    42
            ===
            """
        )
        #expect(found.firstEnded == .init(rank: 2, end: .exited(42)))
    }

    @Test func aRankThatAbortedIsNamed() {
        let found = diagnosis(
            """
            ===
            MPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD
            with errorcode 4.

            NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.
            ===
            """
        )
        #expect(found.firstEnded == .init(rank: 1, end: .exited(4)))
    }

    @Test func aHostWhoseDaemonIsLostIsNamed() {
        let found = diagnosis(
            """
            ===
            ORTE has lost communication with a remote daemon.

              HNP daemon   : [[37595,0],0] on node fl1
              Remote daemon: [[37595,0],1] on node 10.77.0.2

            This is usually due to either a failure of the TCP network
            ===
            """
        )
        #expect(found.lostHost == "10.77.0.2")
        #expect(found.firstEnded == nil)
    }

    @Test func aLineOutsideOfTheBannersIsTheSentence() {
        let found = diagnosis(
            """
            ssh: Could not resolve hostname nosuchhost: Name or service not known
            ===
            ORTE was unable to reliably start one or more daemons.
            This usually is caused by:
            ===
            """
        )
        #expect(found.sentence == "ssh: Could not resolve hostname nosuchhost: Name or service not known")
        #expect(found.firstEnded == nil)
    }

    @Test(arguments: ["the rank gives up===", "===the rank gives up", "===\nPrimary job\n===\nthe rank gives up\n==="])
    func whatARankWritesOnTheLineOfARuleBeginsTheSentence(_ first: String) {
        let found = diagnosis(
            first + "\nmpirun detected that one or more processes exited with non-zero status, thus causing\n"
                + "the job to be terminated. The first process to do so was:\n\n  Process name: [[26010,1],1]\n"
                + "  Exit code:    42\n===\n"
        )
        #expect(found.sentence?.hasPrefix("the rank gives up") == true)
        #expect(found.firstEnded == .init(rank: 1, end: .exited(42)))
    }

    @Test func aBannersFirstParagraphIsTheSentence() {
        let found = diagnosis(
            """
            ===
            mpirun was unable to launch the specified application as it could not access
            or execute an executable:

            Executable: /nonexistent/flotilla
            Node: vm

            while attempting to start process rank 0.
            ===
            [vm:14491] [[INVALID],INVALID] FORCE-TERMINATE AT Not found:-13 - error
            """
        )
        #expect(
            found.sentence == "mpirun was unable to launch the specified application as it could not access or "
                + "execute an executable: Executable: /nonexistent/flotilla Node: vm"
        )
    }

    @Test func whatMpirunDoesWithSignalsIsNoReason() {
        let found = diagnosis("mpirun: Forwarding signal 18 to job\nflotilla: no room\n")
        #expect(found.sentence == "flotilla: no room")
    }

    @Test func nothingPrintedIsNoSentence() { #expect(diagnosis("\n\n").sentence == nil) }
}
