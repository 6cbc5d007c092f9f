import Foundation
import Requests
import Synchronization
import TestSupport
import Testing

@testable import PageFiles

@Suite("Directories of pages", .ownThread)
struct PageDirectoryTests {
    typealias Store = PageStoreTests

    @Test("a place has one user at a time, and is free again when that one is gone")
    func locks() throws {
        try Fixtures.withTemporaryDirectory { directory in
            var first = try PageDirectory(Store.shape(), in: directory.path, slot: 0)
            #expect(first != nil)
            #expect(try PageDirectory(Store.shape(), in: directory.path, slot: 0) == nil)
            #expect(try PageDirectory(Store.shape(), in: directory.path, slot: 1) != nil)
            first = nil
            #expect(try PageDirectory(Store.shape(), in: directory.path, slot: 0) != nil)
        }
    }

    @Test("a directory that others can look into, or a link in its place, is not used")
    func strangers() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = try #require(try PageDirectory(Store.shape(), in: directory.path, slot: 0)).path
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            #expect(throws: PageFailure.foreign) { try PageDirectory(Store.shape(), in: directory.path, slot: 0) }
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
            #expect(try PageDirectory(Store.shape(), in: directory.path, slot: 0) != nil)
            try FileManager.default.moveItem(atPath: path, toPath: path + "-moved")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + "-moved")
            #expect(throws: PageFailure.foreign) { try PageDirectory(Store.shape(), in: directory.path, slot: 0) }
        }
    }

    @Test("what a killed process had begun is removed, other files are told and left, links are not followed")
    func scan() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = try #require(try PageDirectory(Store.shape(), in: directory.path, slot: 0)).path
            let name = Store.key(1).name
            let files = ["\(name).part": 10, "\(name).page": 10, "notes.txt": 3, "xyz.page": Store.shape().fileBytes]
            for (file, count) in files { try Data(count: count).write(to: URL(fileURLWithPath: "\(path)/\(file)")) }
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/\(Store.key(2).name).page",
                withDestinationPath: "\(path)/xyz.page"
            )
            let opened = try #require(try PageDirectory(Store.shape(), in: directory.path, slot: 0))
            #expect(opened.keys.isEmpty)
            #expect(opened.ignored == ["\(name).page", "\(Store.key(2).name).page", "notes.txt", "xyz.page"].sorted())
            #expect(Store.files(directory).count == 2, "a page of another length was left")
            #expect(!FileManager.default.fileExists(atPath: "\(path)/\(name).part"))
            #expect(FileManager.default.fileExists(atPath: "\(path)/notes.txt"))
        }
    }

    @Test("keys come back by when their pages were used, and only wanted ones are kept")
    func order() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let path = try #require(try PageDirectory(Store.shape(), in: directory.path, slot: 0)).path
            for (place, number) in [3, 1, 2].enumerated() {
                let file = "\(path)/\(Store.key(UInt64(number)).name).page"
                try Data(count: Store.shape().fileBytes).write(to: URL(fileURLWithPath: file))
                let date = Date(timeIntervalSince1970: 1_700_000_000 + Double(place))
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
            }
            let opened = try #require(try PageDirectory(Store.shape(), in: directory.path, slot: 0))
            #expect(opened.keys == [3, 1, 2].map { Store.key($0) })
            opened.keep([Store.key(1)])
            #expect(Store.files(directory).count == 1)
        }
    }

    @Test("a parent that is not there, is no directory or cannot be written is one sentence")
    func parents() throws {
        try Fixtures.withTemporaryDirectory { directory in
            try PageDirectory.check(directory.path)
            let file = directory.appendingPathComponent("file")
            try Data().write(to: file)
            // Nothing is closed to root.
            for path in [directory.path + "/none", file.path] + (geteuid() == 0 ? [] : ["/"]) {
                let error = #expect(throws: (any Error).self) { try PageDirectory.check(path) }
                #expect("\(error.map { "\($0)" } ?? "")".contains("directory for pages of the KV cache, \(path)"))
            }
        }
    }

    @Test("what others left is kept up to a limit, the least recently used leaving first, and nothing in use")
    func leftovers() throws {
        try Fixtures.withTemporaryDirectory { directory in
            for identity in 1...4 {
                let opened = try #require(try PageDirectory(Store.shape(UInt8(identity)), in: directory.path, slot: 0))
                let store = PageStore(opened, cache: Store.cache())
                _ = Store.move(store, [PageTransfer(.save, page: 0, key: Store.key(1))])
                store.close()
                let date = Date(timeIntervalSince1970: 1_700_000_000 + Double(identity))
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: opened.path)
            }
            let held = try PageDirectory(Store.shape(1), in: directory.path, slot: 0)
            PageLeftovers.tidy(directory.path, limit: Store.shape().diskBytes * 3 / 2)
            let left = Set(Store.files(directory).map { String($0.dropFirst(6).prefix(2)) })
            #expect(left == ["01", "04"])
            #expect(held != nil)
            PageLeftovers.tidy(directory.path, limit: 0)
            #expect(Store.files(directory).count == 1)
        }
    }

    @Test("who opens one while others tidy up finds a place, or one in use, and keeps what was found")
    func tidied() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let tidiers = TidyingThreads(directory.path, count: 2)
            defer { tidiers.end() }
            var found = 0
            for _ in 0..<3000 {
                guard let opened = try PageDirectory(Store.shape(), in: directory.path, slot: 0) else { continue }
                found += 1
                withExtendedLifetime(opened) { #expect(access("\(opened.path)/lock", F_OK) == 0) }
            }
            #expect(found > 0)
        }
    }

    /// Threads that tidy a directory until they are told to end.
    private final class TidyingThreads: Sendable {
        private let isOver = Atomic(false)
        private let running: Atomic<Int>

        init(_ path: String, count: Int) {
            running = Atomic(count)
            for _ in 0..<count {
                Thread { [self] in
                    while !isOver.load(ordering: .relaxed) { PageLeftovers.tidy(path, limit: 0) }
                    running.subtract(1, ordering: .relaxed)
                }
                .start()
            }
        }

        func end() {
            isOver.store(true, ordering: .relaxed)
            _ = Poll.until { running.load(ordering: .relaxed) == 0 }
        }
    }
}
