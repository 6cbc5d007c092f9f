internal import Foundation

/// Standard error, for what is said to people: nothing that happens to it ends the process.
///
/// `FileHandle` traps where a write fails, which a closed pipe or a full disk is enough for.
package enum StandardError {
    /// Writes text; what cannot be written is lost, since there is no place left to say so.
    ///
    /// - Parameter patience: how long a pipe that nobody reads is waited for; `nil`: as long as it takes.
    package static func write(_ text: String, patience: Duration? = nil) {
        try? DescriptorWriter(STDERR_FILENO).write(Array(text.utf8), patience: patience)
    }

    /// Writes text in which other people's words stand: harmless on a terminal, raw elsewhere.
    package static func say(_ text: String, patience: Duration? = nil) {
        write(isTerminal ? TerminalText.harmless(text) : text, patience: patience)
    }

    /// Says why a process ends that somebody else has started and listens to.
    ///
    /// - Parameters:
    ///   - isPassedOn: whether that somebody may forget what it has not read once the process has ended, as `mpirun` does: it is
    ///     waited for then.
    ///   - patience: all in all; by default 2 s, or 10 where it is passed on, since an `mpirun` that starts others is busy.
    package static func sayLast(_ text: String, isPassedOn: Bool, patience: Duration? = nil) {
        let patience = patience ?? .seconds(isPassedOn ? 10 : 2)
        let deadline = ContinuousClock.now + patience
        say(text, patience: patience)
        if isPassedOn { DescriptorWriter(STDERR_FILENO).waitUntilRead(by: deadline) }
    }

    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Standard output, for what a command was asked for.
///
/// What cannot be written ends the process: work goes on for nobody. A closed pipe ends it by SIGPIPE and without a word,
/// as other tools do; anything else, such as a full disk, is said in a sentence.
package enum StandardOutput {
    package static func write(_ text: String) { write(Array(text.utf8)) }

    package static func write(_ bytes: some Sequence<UInt8>) {
        do throws(WriteError) {
            try DescriptorWriter(STDOUT_FILENO).write(Array(bytes), patience: nil)
        } catch {
            end(error)
        }
    }

    /// Writes text in which other people's words stand: harmless on a terminal, raw elsewhere.
    package static func say(_ text: String) { write(isTerminal ? TerminalText.harmless(text) : text) }

    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func end(_ error: WriteError) -> Never {
        if error.code == EPIPE {
            signal(SIGPIPE, SIG_DFL)
            var only = sigset_t()
            sigemptyset(&only)
            sigaddset(&only, SIGPIPE)
            pthread_sigmask(SIG_UNBLOCK, &only, nil)
            raise(SIGPIPE)
            // The first process of a container is spared by default actions.
            _exit(128 + SIGPIPE)
        }
        let reason = String(cString: strerror(error.code))
        StandardError.write("flotilla: standard output cannot be written: \(reason)\n", patience: .seconds(2))
        _exit(ExitCode.usage.rawValue)
    }
}

/// The three descriptors that every process is born with.
package enum StandardDescriptors {
    /// Fills those that are closed, so that no file or socket takes their numbers and gets what is meant for people.
    ///
    /// They are opened the wrong way round: using them stays the error that it was.
    package static func fillGaps() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is the one that is missing.
            _ = open("/dev/null", mode)
        }
    }
}
