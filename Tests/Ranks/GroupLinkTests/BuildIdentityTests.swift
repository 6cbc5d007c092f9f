import Foundation
import TestSupport
import Testing

@testable import GroupLink

@Suite("Which build of the executable runs")
struct BuildIdentityTests {
    @Test("what the linker wrote, as readelf prints it")
    func identifier() throws {
        let found = try #require(BuildIdentity.ofFile("/proc/self/exe"))
        #expect(found == Machine.build)
        let readelf = Process()
        let output = Pipe()
        readelf.executableURL = URL(fileURLWithPath: "/usr/bin/readelf")
        readelf.arguments = ["-n", try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")]
        readelf.standardOutput = output
        guard (try? readelf.run()) != nil else {
            return print("SKIPPED: no readelf to compare a build's identifier with")
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        if text.contains("Build ID: ") { #expect(text.contains("Build ID: \(found)")) }
    }

    @Test("of a file without one, a digest of it all; of none, nothing")
    func digest() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("program")
            try Data("abc".utf8).write(to: file)
            // FIPS 180-2, appendix B.1.
            let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            #expect(BuildIdentity.ofFile(file.path) == known)
            #expect(BuildIdentity.ofFile(directory.path + "/none") == nil)
        }
    }

    @Test("no file makes it read outside, wherever it is cut or changed")
    func damaged() throws {
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/exe"))
        var header = try #require(try file.read(upToCount: 4096))
        for length in stride(from: 0, to: 1024, by: 7) {
            _ = BuildIdentity.linkerIdentifier(Data(header.prefix(length)))
        }
        var random = SeededRandom(seed: 1)
        for _ in 0..<2000 {
            header[Int.random(in: 0..<1024, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = BuildIdentity.linkerIdentifier(Data(header))
        }
    }
}
