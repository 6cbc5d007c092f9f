import Foundation
import Testing

@testable import Diagnostics

@Suite("What is written to a pipe, until it is read")
struct DescriptorWriterTests {
    private let pipe = Pipe()
    private var writer: DescriptorWriter { DescriptorWriter(pipe.fileHandleForWriting.fileDescriptor) }

    @Test("words in a pipe are waited for until somebody reads them, and no longer than patience lasts")
    func waitsForTheReader() throws {
        #expect(writer.waitUntilRead(by: .now))
        try writer.write(Array("last words".utf8), patience: .seconds(2))
        #expect(!writer.waitUntilRead(by: .now + .milliseconds(20)))
        let reading = pipe.fileHandleForReading
        Thread {
            usleep(20_000)
            _ = reading.availableData
        }.start()
        #expect(writer.waitUntilRead(by: .now + .seconds(600)))
    }

    @Test("nobody is waited for whose end of the pipe is closed")
    func passesOverClosed() throws {
        try writer.write(Array("last words".utf8), patience: .seconds(2))
        try pipe.fileHandleForReading.close()
        let began = ContinuousClock.now
        #expect(!writer.waitUntilRead(by: began + .seconds(600)))
        #expect(.now - began < .seconds(300))
    }

    @Test("a file is not waited for, though nobody reads it")
    func passesOverFiles() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        defer {
            close(descriptor)
            unlink(path)
        }
        let file = DescriptorWriter(descriptor)
        try file.write(Array("last words".utf8), patience: nil)
        lseek(descriptor, 0, SEEK_SET)
        #expect(file.waitUntilRead(by: .now))
    }
}
