internal import Diagnostics
internal import Foundation

/// The file of a Unix socket.
enum UnixSocketFile {
    /// Makes room for a new socket at `path`: a socket on which nobody listens any more is removed.
    ///
    /// - Throws: ``AddressInUseError`` if somebody listens there, ``UsageError`` if there is something else.
    static func clear(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw UsageError("\(path) exists and is not a socket", hint: "choose another path with --unix")
        }
        if isAlive(path) { throw AddressInUseError(address: path) }
        unlink(path)
    }

    /// Whether somebody listens there.
    private static func isAlive(_ path: String) -> Bool {
        // Not blocking: a server that is too busy to accept is there all the same.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, size) == 0 || errno == EAGAIN
            }
        }
    }
}

/// How many files and sockets the process may have open.
enum DescriptorLimit {
    /// Raises it as far as the system allows, since each connection takes one; returns what it is then.
    static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        return Int(min(limit.rlim_cur, 1 << 20))
    }

    /// How many the process has open.
    static var used: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 64 }
}
