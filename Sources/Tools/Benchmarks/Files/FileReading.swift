internal import Checkpoints
internal import Foundation
internal import Kernels

/// Reads the weight files of a checkpoint as fast as the system gives them: what loading is compared with.
struct FileReading {
    private let files: [URL]
    private static let chunk = 4 << 20

    init(directory: URL) throws {
        files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "safetensors" }
    }

    /// Seconds in which `threads` threads read every byte once, from the page cache where it is there.
    func seconds(threads: Int) -> Double {
        let pool = ThreadPool(threads: threads)
        let buffers = (0..<threads).map { _ in ScratchMemory(byteCount: Self.chunk) }
        let time = ContinuousClock().measure {
            for file in files {
                let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { continue }
                defer { close(descriptor) }
                let size = Int(lseek(descriptor, 0, SEEK_END))
                pool.run((size + Self.chunk - 1) / Self.chunk) { task, thread in
                    _ = pread(descriptor, buffers[thread].base, Self.chunk, off_t(task * Self.chunk))
                }
            }
        }
        return time / .seconds(1)
    }
}

extension Checkpoint {
    /// Bytes of the files that the decoder is loaded from: all but the tensors of the vision tower and of the projector.
    var decoderBytes: Int {
        let others = config.expectedTensors.filter { !$0.name.hasPrefix("language_model.") }
        return totalBytes - others.reduce(0) { $0 + (tensor($1.name)?.byteCount ?? 0) }
    }
}
