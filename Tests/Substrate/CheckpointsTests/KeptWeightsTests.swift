import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Weights that outlive the rank")
struct KeptWeightsTests {
    private static let size = 3 << 20

    private static func files(_ parent: URL) -> [String] {
        let directory = parent.appendingPathComponent("flotilla-weights-\(geteuid())").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    private static func fill(_ key: String, _ parent: URL, mark: Bool = true) -> Bool? {
        guard let kept = KeptWeights(key: key, byteCount: size, in: parent.path) else { return nil }
        let wasFilled = kept.isFilled
        if !wasFilled {
            memset(kept.base, 7, size)
            if mark { kept.markFilled() }
        }
        #expect(UnsafeRawBufferPointer(start: kept.base, count: size).allSatisfy { $0 == 7 })
        return wasFilled
    }

    @Test("what was filled is there for the next one, and what was not is filled again")
    func next() throws {
        try Fixtures.withTemporaryDirectory { parent in
            #expect(Self.fill("a", parent, mark: false) == false)
            #expect(Self.fill("a", parent) == false)
            #expect(Self.fill("a", parent) == true)
            // Of another size it is something else.
            let other = try #require(KeptWeights(key: "a", byteCount: 100, in: parent.path))
            #expect(!other.isFilled)
        }
    }

    @Test("two hold them at once, the last removes them; who starts removes what nobody holds or wants")
    func removal() throws {
        try Fixtures.withTemporaryDirectory { parent in
            for key in ["a", "b", "c"] { #expect(Self.fill(key, parent) == false) }
            let first = try #require(KeptWeights(key: "a", byteCount: Self.size, in: parent.path))
            let second = try #require(KeptWeights(key: "a", byteCount: Self.size, in: parent.path))
            #expect(first.isFilled && second.isFilled)
            KeptWeights.clean(keeping: ["b"], in: parent.path)
            #expect(Self.files(parent) == ["a", "b"])
            first.remove()
            #expect(Self.files(parent) == ["a", "b"], "somebody else has them")
            withExtendedLifetime(second) {}
        }
        try Fixtures.withTemporaryDirectory { parent in
            try #require(KeptWeights(key: "a", byteCount: Self.size, in: parent.path)).remove()
            #expect(Self.files(parent) == [])
            KeptWeights.clean(keeping: [], in: parent.path)
            #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path) == [])
        }
    }

    @Test("they are this user's alone, and what others could have prepared is not used")
    func privacy() throws {
        try Fixtures.withTemporaryDirectory { parent in
            #expect(Self.fill("a", parent) == false)
            let directory = parent.appendingPathComponent("flotilla-weights-\(geteuid())").path
            for (path, mode) in [(directory, 0o700), (directory + "/a", 0o600)] {
                var status = stat()
                #expect(lstat(path, &status) == 0 && Int(status.st_mode & 0o777) == mode)
            }
            try FileManager.default.removeItem(atPath: directory + "/a")
            #expect(symlink("/etc/hostname", directory + "/a") == 0)
            #expect(Self.fill("a", parent) == nil)
            chmod(directory, 0o777)
            #expect(Self.fill("b", parent) == nil)
        }
    }

    @Test("where there is too little memory, nothing stays")
    func full() throws {
        try Fixtures.withTemporaryDirectory { parent in
            #expect(KeptWeights(key: "a", byteCount: 1 << 55, in: parent.path) == nil)
            #expect(Self.files(parent) == [])
            #expect(KeptWeights(key: "a", byteCount: 1, in: "/nowhere") == nil)
        }
    }

    @Test("while one fills them others wait, and find them filled", .timeLimit(.minutes(5)))
    func waiting() throws {
        try Fixtures.withTemporaryDirectory { parent in
            let first = try #require(KeptWeights(key: "a", byteCount: Self.size, in: parent.path))
            let found = Latched()
            let thread = Thread { found.set(Self.fill("a", parent)) }
            thread.start()
            memset(first.base, 7, Self.size)
            first.markFilled()
            #expect(found.wait() == true)
        }
    }

    @Test("two that come at one moment do not wait for each other's end", .ownThread, .timeLimit(.minutes(5)))
    func atOnce() throws {
        try Fixtures.withTemporaryDirectory { parent in
            #expect(Self.fill("b", parent) == false)
            let directory = parent.appendingPathComponent("flotilla-weights-\(geteuid())")
            // One has seen that the file is empty, as the other does now, and is the one that fills it.
            let other = open(directory.appendingPathComponent("a").path, O_RDWR | O_CREAT, 0o600)
            defer { close(other) }
            #expect(other >= 0 && flock(other, LOCK_SH) == 0)
            let found = Latched()
            Thread { found.set(Self.fill("a", parent)) }.start()
            usleep(200_000)
            let whole = try Data(contentsOf: directory.appendingPathComponent("b"))
            #expect(whole.withUnsafeBytes { write(other, $0.baseAddress, $0.count) } == whole.count)
            #expect(found.wait() == true, "it is held as long as it is used")
        }
    }

    /// A value that another thread sets.
    private final class Latched: @unchecked Sendable {
        // Safe because every access holds the condition's lock.
        private let condition = NSCondition()
        private var value: Bool??

        func set(_ value: Bool?) {
            condition.withLock {
                self.value = value
                condition.signal()
            }
        }

        func wait() -> Bool? {
            condition.lock()
            defer { condition.unlock() }
            while value == nil { condition.wait() }
            return value ?? nil
        }
    }
}
