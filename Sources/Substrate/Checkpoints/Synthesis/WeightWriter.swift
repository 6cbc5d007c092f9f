import Diagnostics
import Dispatch
import Foundation
import Synchronization

/// Writes random weights into the shards of a plan, from a few threads, in pieces of some megabytes.
///
/// The bytes depend on the plan and the seed alone, not on the threads.
final class WeightWriter: Sendable {
    private static let pieceElements = 4 << 20

    /// A run of elements of one tensor, and where it goes.
    private struct Chunk: Sendable {
        let file: OutputFile
        let offset: Int
        let weights: RandomWeights
        let elements: Range<Int>
    }

    private let pieces: [Chunk]
    private let files: [OutputFile]
    private let next = Atomic<Int>(0)
    private let written = Atomic<Int>(0)
    private let failure = Mutex<UsageError?>(nil)

    /// Creates the files and writes their headers.
    init(_ plan: FileShardPlan, seed: UInt64, heavyTails: Bool = false, directory: URL) throws(UsageError) {
        var pieces: [Chunk] = []
        var files: [OutputFile] = []
        for (number, shard) in plan.shards.enumerated() {
            let file = try OutputFile(directory.appendingPathComponent(plan.fileName(number)))
            files.append(file)
            let prefix = shard.prefix
            try Self.write(prefix, to: file)
            var offset = prefix.count
            for tensor in shard.tensors {
                let weights = RandomWeights(tensor, seed: seed, heavyTails: heavyTails)
                pieces += Self.pieces(of: tensor, weights, file: file, offset: offset)
                offset += tensor.bfloat16Bytes
            }
        }
        (self.pieces, self.files) = (pieces, files)
    }

    /// Writes everything and waits for the disk; `progress` is told the bytes written so far, from any thread.
    func run(threads: Int, progress: @escaping @Sendable (Int) -> Void) throws(UsageError) {
        DispatchQueue.concurrentPerform(iterations: threads) { _ in self.work(progress) }
        if let error = failure.withLock({ $0 }) { throw error }
        for file in files { try file.synchronize() }
    }

    private func work(_ progress: (Int) -> Void) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 2 * (Self.pieceElements + RandomWeights.group),
            alignment: 4096
        )
        defer { buffer.deallocate() }
        guard let base = buffer.baseAddress else { return }
        while failure.withLock({ $0 == nil }) {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < pieces.count else { return }
            let piece = pieces[number]
            piece.weights.fill(base, first: piece.elements.lowerBound, count: piece.elements.count)
            do {
                let bytes = UnsafeRawBufferPointer(start: base, count: 2 * piece.elements.count)
                try piece.file.write(bytes, at: piece.offset)
                progress(written.add(bytes.count, ordering: .relaxed).newValue)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }

    private static func pieces(
        of tensor: ExpectedTensor,
        _ weights: RandomWeights,
        file: OutputFile,
        offset: Int
    ) -> [Chunk] {
        let count = tensor.bfloat16Bytes / 2
        return stride(from: 0, to: count, by: pieceElements).map { first in
            let elements = first..<min(first + pieceElements, count)
            return Chunk(file: file, offset: offset + 2 * first, weights: weights, elements: elements)
        }
    }

    private static func write(_ bytes: [UInt8], to file: OutputFile) throws(UsageError) {
        let result: Result<Void, UsageError> = bytes.withUnsafeBytes { raw in
            do throws(UsageError) {
                return .success(try file.write(raw, at: 0))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}
