import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Coordinator

struct UnixSocketFileTests {
    /// A socket bound to `path`, listening or not.
    static func bound(_ path: String, isListening: Bool) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        if isListening { listen(descriptor, 4) }
        return descriptor
    }

    @Test("A socket that a dead server left is removed; a live one, and a file, are not")
    func clear() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("s").path
            try UnixSocketFile.clear(path)
            close(Self.bound(path, isListening: true))
            #expect(FileManager.default.fileExists(atPath: path))
            try UnixSocketFile.clear(path)
            #expect(!FileManager.default.fileExists(atPath: path))
            let live = Self.bound(path, isListening: true)
            defer { close(live) }
            #expect(throws: AddressInUseError.self) { try UnixSocketFile.clear(path) }
            #expect(FileManager.default.fileExists(atPath: path))
            let file = directory.appendingPathComponent("precious")
            try Data("text".utf8).write(to: file)
            #expect(throws: UsageError.self) { try UnixSocketFile.clear(file.path) }
            #expect(try Data(contentsOf: file) == Data("text".utf8))
        }
    }
}
