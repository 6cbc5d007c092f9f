import Foundation
import Testing

@testable import Diagnostics

@Suite("What is written to a pipe, until it is read")
struct DescriptorWriterTests {
    private let pipe = Pipe()
    private var writer: DescriptorWriter { DescriptorWriter(pipe.fileHandleForWriting.fileDescriptor) }

    @Test("words in a pipe are waited for until somebody reads them, and no longer than patience lasts")
    func waitsForTheReader() throws {
        #expect(writer.waitUntilRead(within: .zero))
        try writer.write(Array("last words".utf8), patience: .seconds(2))
        #expect(!writer.waitUntilRead(within: .milliseconds(20)))
        let reading = pipe.fileHandleForReading
        Thread {
            usleep(20_000)
            _ = reading.availableData
        }.start()
        #expect(writer.waitUntilRead(within: .seconds(600)))
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
        #expect(file.waitUntilRead(within: .zero))
    }
}
