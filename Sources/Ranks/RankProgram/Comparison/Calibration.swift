package import Checkpoints
internal import Foundation
package import SAILVL2Model
internal import Tensors

/// Collects what a decoder's matrices multiply while it reads given texts, in the checkpoint's own format, on one rank in
/// this process.
package struct Calibration {
    private let checkpoint: Checkpoint
    private let threads: Int
    private let forcing: TeacherForcing
    private var encoder: TileEncoder?
    private let squares = ActivationSquares()

    /// - Parameter longest: tokens of the longest text.
    package init(_ checkpoint: Checkpoint, longest: Int, threads: Int) throws {
        (self.checkpoint, self.threads) = (checkpoint, threads)
        forcing = try TeacherForcing(FormatComparison.Subject(checkpoint, .native), longest: longest, threads: threads)
        forcing.collect(squares)
    }

    /// Reads a text and its pictures; the positions of `compared` speak for the output head.
    package mutating func read(_ text: ComparisonText) throws {
        var visual: [FloatBuffer] = []
        if !text.pictures.isEmpty {
            let encoder = self.encoder ?? TileEncoder(checkpoint, format: .native, threads: threads)
            self.encoder = encoder
            visual = try text.pictures.map { try encoder.visualTokens($0) }
        }
        try forcing.run(text, visual: visual) { _, _, _ in }
    }

    /// What was collected so far.
    package var collected: ActivationSquares { squares }
}
