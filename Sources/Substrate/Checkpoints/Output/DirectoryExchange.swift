import Diagnostics
import Foundation

/// Puts a directory in another's place.
enum DirectoryExchange {
    /// After it, `place` names what `directory` named.
    ///
    /// What `place` named before, if anything, is then called `directory`, or is gone.
    static func put(_ directory: URL, at place: URL) throws(UsageError) {
        // Takes the place of nothing and of an empty directory.
        if rename(directory.path, place.path) != 0 {
            guard errno == EEXIST || errno == ENOTEMPTY else { throw OutputFile.failure(place.path) }
            if !exchange(directory, place) { try replace(place, by: directory) }
        }
        try OutputFile.synchronize(directory: place.deletingLastPathComponent())
    }

    private typealias Exchange =
        @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32

    /// Both names at once, so that there is always one; false where the file system cannot.
    private static func exchange(_ directory: URL, _ place: URL) -> Bool {
        // Declared by glibc for GNU programs only, so that Swift does not see it; its signature is that of the manual.
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "renameat2") else { return false }
        let exchangeFlag: UInt32 = 2
        let renameat2 = unsafeBitCast(symbol, to: Exchange.self)
        return renameat2(AT_FDCWD, directory.path, AT_FDCWD, place.path, exchangeFlag) == 0
    }

    private static func replace(_ place: URL, by directory: URL) throws(UsageError) {
        let aside = place.deletingLastPathComponent().appendingPathComponent(place.lastPathComponent + ".replaced")
        try? FileManager.default.removeItem(at: aside)
        guard rename(place.path, aside.path) == 0 else { throw OutputFile.failure(place.path) }
        guard rename(directory.path, place.path) == 0 else {
            let failure = OutputFile.failure(place.path)
            _ = rename(aside.path, place.path)
            throw failure
        }
        try? FileManager.default.removeItem(at: aside)
    }
}
