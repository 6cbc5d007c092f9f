package import Checkpoints
internal import Diagnostics
internal import Foundation
package import Kernels
internal import SAILVL2Model
internal import Tensors

/// Compares what a model makes of the same texts in several formats; one format is in memory at a time.
///
/// The first format's logits are kept, `positions · vocabulary` floats, and every other format's are held against them.
package struct FormatComparison {
    /// A format, and the checkpoint that it is made of.
    package struct Subject {
        package let checkpoint: Checkpoint
        package let format: WeightFormat
        package let visionFormat: VisionFormat
        /// How partial sums travel, and the hosts, with a decoder rank each, between which they do.
        package let wire: WireFormat
        package let hosts: Int

        /// - Parameter vision: the tower's format; `nil` is what goes with `format`.
        package init(
            _ checkpoint: Checkpoint,
            _ format: WeightFormat,
            vision: VisionFormat? = nil,
            wire: WireFormat = .f32,
            hosts: Int = 1
        ) {
            (self.checkpoint, self.format, self.wire, self.hosts) = (checkpoint, format, wire, hosts)
            visionFormat = vision ?? VisionFormat(of: format)
        }

        /// `q8`; `native, vision tower q8`; `native, sums as q8 between 2 hosts`.
        package var name: String {
            var name = format.rawValue
            if visionFormat != VisionFormat(of: format) { name += ", vision tower \(visionFormat.rawValue)" }
            if hosts > 1 { name += ", sums as \(wire.rawValue) between \(hosts) hosts" }
            return name
        }
    }

    private let texts: [ComparisonText]
    private let threads: Int
    private let pictures: Checkpoint
    /// The visual tokens of each text's pictures, by the tower's format.
    private var visual: [VisionFormat: [[FloatBuffer]]] = [:]
    /// Logits of earlier texts' positions come first.
    private let offsets: [Int]
    private var reference: ScratchMemory?

    /// - Parameter checkpoint: whose vision tower encodes the pictures of every subject.
    package init(_ texts: [ComparisonText], _ checkpoint: Checkpoint, threads: Int?) {
        self.texts = texts
        pictures = checkpoint
        self.threads = threads ?? Processors.available
        var next = 0
        offsets = texts.map { text in
            defer { next += text.compared.count }
            return next
        }
    }

    /// Encodes the pictures as a group of this format does, unless that has been done.
    private mutating func visualTokens(_ format: VisionFormat) throws -> [[FloatBuffer]] {
        guard texts.contains(where: { !$0.pictures.isEmpty }) else { return texts.map { _ in [] } }
        if let known = visual[format] { return known }
        let encoder = TileEncoder(pictures, format: format, threads: threads)
        let tokens = try texts.map { text in try text.pictures.map { try encoder.visualTokens($0) } }
        visual[format] = tokens
        return tokens
    }

    /// Bytes of the logits that are kept.
    package static func referenceBytes(_ texts: [ComparisonText], _ checkpoint: Checkpoint) -> Int {
        texts.reduce(0) { $0 + $1.compared.count } * checkpoint.config.decoder.vocabulary * MemoryLayout<Float>.stride
    }

    /// Bytes of the texts' pictures, and of their visual tokens as so many towers make them.
    package static func pictureBytes(_ texts: [ComparisonText], _ checkpoint: Checkpoint, towers: Int) -> Int {
        let pictures = texts.flatMap(\.pictures)
        let places = pictures.reduce(0) { $0 + $1.span.count }
        return pictures.reduce(0) { $0 + $1.bytes.count }
            + towers * places * checkpoint.config.decoder.hidden * MemoryLayout<Float>.stride
    }

    /// How far the visual tokens of a subject that was run are from those of another; `nil` without pictures, or where their
    /// towers have one format.
    package func visualDifference(_ subject: Subject, from other: Subject) -> VisualDifference? {
        guard subject.visionFormat != other.visionFormat, let found = visual[subject.visionFormat],
            let expected = visual[other.visionFormat]
        else { return nil }
        var difference = VisualDifference(hidden: pictures.config.decoder.hidden)
        for (found, expected) in zip(found.joined(), expected.joined()) {
            difference.add(found.pointer, expected.pointer, count: found.count)
        }
        return difference
    }

    /// Runs the format that the others are compared with.
    package mutating func runReference(_ subject: Subject) throws {
        let memory = ScratchMemory(byteCount: max(Self.referenceBytes(texts, subject.checkpoint), 64))
        let visual = try visualTokens(subject.visionFormat)
        let forcing = try forcing(subject)
        let vocabulary = forcing.vocabulary
        for (index, text) in texts.enumerated() {
            try forcing.run(text, visual: visual[index]) { first, rows, logits in
                let target = memory.floats + (offsets[index] + first) * vocabulary
                target.update(from: logits, count: rows * vocabulary)
            }
        }
        reference = memory
    }

    /// Runs a format and compares it with the reference, text by text.
    package mutating func run(_ subject: Subject) throws -> [LogitsComparison] {
        guard let reference else { preconditionFailure("no reference to compare with") }
        let visual = try visualTokens(subject.visionFormat)
        let forcing = try forcing(subject)
        let vocabulary = forcing.vocabulary
        return try texts.indices.map { index in
            var comparison = LogitsComparison()
            try forcing.run(texts[index], visual: visual[index]) { first, rows, logits in
                let kept = UnsafePointer(reference.floats) + (offsets[index] + first) * vocabulary
                var found = [LogitsComparison.Position?](repeating: nil, count: rows)
                found.withUnsafeMutableBufferPointer { found in
                    nonisolated(unsafe) let found = found
                    forcing.pool.run(rows) { row in
                        found[row] = LogitsComparison.Position(
                            UnsafeBufferPointer(start: kept + row * vocabulary, count: vocabulary),
                            UnsafeBufferPointer(start: logits + row * vocabulary, count: vocabulary)
                        )
                    }
                }
                for position in found { if let position { comparison.add(position) } }
            }
            return comparison
        }
    }

    private func forcing(_ subject: Subject) throws -> TeacherForcing {
        let longest = texts.map(\.ids.count).max() ?? 1
        return try TeacherForcing(subject, longest: longest, threads: threads)
    }
}
