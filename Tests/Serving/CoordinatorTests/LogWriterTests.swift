import Foundation
import TestSupport
import Testing

@testable import Coordinator

@Suite("The log's writer", .serialized)
struct LogWriterTests {
    static func writer(_ descriptor: Int32, lines: Int = 100, bytes: Int = 1 << 20) -> LogWriter {
        var limits = LogWriter.Limits()
        (limits.lines, limits.bytes) = (lines, bytes)
        return LogWriter(descriptor: descriptor, limits: limits) { "\($0) lines were dropped" }
    }

    /// What can be read from a pipe until it is enough.
    static func read(_ descriptor: Int32, until isEnough: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while !isEnough(String(decoding: bytes, as: UTF8.self)), poll(&entry, 1, 20_000) > 0 {
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = Foundation.read(descriptor, &piece, piece.count)
            if count <= 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func pipe() -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        Foundation.pipe(&ends)
        return (ends[0], ends[1])
    }

    @Test("lines come in order, and all of them")
    func order() {
        let (reading, writing) = Self.pipe()
        let writer = Self.writer(writing)
        for number in 0..<50 { writer.write("line \(number)") }
        let text = Self.read(reading) { $0.hasSuffix("line 49\n") }
        #expect(text == (0..<50).map { "line \($0)\n" }.joined())
        close(reading)
    }

    @Test("nobody waits for a pipe that is not read; what was dropped is said when it is")
    func unread() {
        let (reading, writing) = Self.pipe()
        let writer = Self.writer(writing)
        let line = String(repeating: "x", count: 1000)
        for number in 0..<5000 { writer.write("\(number) \(line)") }
        writer.flush(within: .milliseconds(50))
        var written: [Int] = []
        var dropped = 0
        _ = Self.read(reading) { text in
            let lines = text.split(separator: "\n").map { $0.split(separator: " ") }
            written = lines.filter { $0.count == 2 }.compactMap { Int($0[0]) }
            dropped = lines.filter { $0.last == "dropped" }.reduce(0) { $0 + (Int($1[0]) ?? 0) }
            return written.count + dropped == 5000 && text.hasSuffix("\n")
        }
        let (sum, isSorted) = (written.count + dropped, written == written.sorted())
        #expect(sum == 5000 && dropped > 0 && isSorted, "\(written.count) written, \(dropped) dropped")
        writer.write("after")
        #expect(Self.read(reading) { $0.hasSuffix("after\n") } == "after\n")
        close(reading)
    }

    @Test("a full disk, a closed descriptor and a closed pipe cost lines and nothing else")
    func failing() throws {
        signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = Self.pipe()
        close(reading)
        for descriptor in [open("/dev/full", O_WRONLY), 9999, writing] {
            let writer = Self.writer(descriptor)
            for number in 0..<10 { writer.write("\(number)") }
            writer.flush(within: .seconds(20))
        }
    }

    @Test("when a disk has room again the number of lost lines is said, on a line of its own")
    func fullDisk() throws {
        try Fixtures.withTemporaryDirectory { directory in
            // A descriptor that is full, and then is a file: as if somebody had made room.
            let descriptor = open("/dev/full", O_WRONLY)
            let writer = Self.writer(descriptor)
            for number in 0..<7 { writer.write("\(number)") }
            writer.flush(within: .seconds(20))
            let path = directory.appendingPathComponent("log").path
            let file = open(path, O_WRONLY | O_CREAT, 0o600)
            dup2(file, descriptor)
            writer.write("after")
            writer.flush(within: .seconds(20))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == "7 lines were dropped\nafter\n")
        }
    }
}
