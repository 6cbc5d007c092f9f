internal import Diagnostics
internal import Foundation
internal import Synchronization

/// Keeps the certificate that new connections are shown, and reads it again when its files change.
///
/// Certificates are renewed every few weeks; a server with long answers is not restarted for that. Connections keep the
/// one that they began with.
final class TLSKeeper: Sendable {
    /// What a look at the files has come to.
    enum Outcome: Equatable {
        case same
        case renewed(end: Date)
        /// The files have changed and cannot be used; what was there before goes on.
        case unusable(UsageError)
    }

    private struct State {
        var identity: TLSIdentity
        /// Of the files that `identity` was read from.
        var used: FileStamps
        /// Of files that could not be used: at the first look, and when that was told.
        var failed: FileStamps?
        var told: FileStamps?
    }

    private let files: TLSFiles
    private let state: Mutex<State>

    /// - Throws: why the files cannot be used.
    init(_ files: TLSFiles) throws(UsageError) {
        self.files = files
        // Before the reading: a change meanwhile is seen at the next look.
        let stamps = FileStamps(files)
        state = Mutex(State(identity: try TLSIdentity(files), used: stamps))
    }

    var identity: TLSIdentity { state.withLock { $0.identity } }

    /// Looks whether the files have changed; blocks for as long as reading them takes.
    func look(now: Date = Date()) -> Outcome {
        let stamps = FileStamps(files)
        let (used, told) = state.withLock { ($0.used, $0.told) }
        guard stamps != used, stamps != told else { return .same }
        do throws(UsageError) {
            let identity = try TLSIdentity(files, now: now)
            state.withLock { $0 = State(identity: identity, used: stamps) }
            return .renewed(end: identity.end)
        } catch {
            return state.withLock { state in
                // Two files are not written in one moment: only what stays as it is is told.
                guard stamps == state.failed else {
                    state.failed = stamps
                    return .same
                }
                state.told = stamps
                return .unusable(error)
            }
        }
    }
}

/// By what a change of two files is seen: the files behind any links, their sizes and times.
private struct FileStamps: Equatable {
    private let numbers: [Int]

    init(_ files: TLSFiles) {
        numbers = [files.certificate, files.key].flatMap { path in
            var found = stat()
            guard stat(path, &found) == 0 else { return [-1] }
            return [
                Int(bitPattern: UInt(found.st_dev)), Int(bitPattern: UInt(found.st_ino)), Int(found.st_size),
                found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
            ]
        }
    }
}
