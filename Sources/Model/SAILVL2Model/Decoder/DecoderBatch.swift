/// The rows of one forward pass: tokens of any number of sequences, side by side.
package struct DecoderBatch {
    /// Consecutive tokens of one sequence.
    package struct Run {
        /// The absolute position of the first of them.
        package var start: Int
        package var count: Int
        /// The pages of the sequence's keys and values.
        package var pages: [Int32]

        package init(start: Int, count: Int, pages: [Int32]) {
            self.start = start
            self.count = count
            self.pages = pages
        }
    }

    /// Rows whose embedding is a visual token instead of a token's.
    package struct VisualRows {
        package var row: Int
        package var count: Int
        /// `[count, hidden]`.
        package var tokens: UnsafePointer<Float>

        package init(row: Int, count: Int, tokens: UnsafePointer<Float>) {
            self.row = row
            self.count = count
            self.tokens = tokens
        }
    }

    /// One token id a row, run after run.
    package var tokens: [Int32]
    package var runs: [Run]
    package var visual: [VisualRows]
    /// Rows whose logits are wanted, in increasing order.
    package var logitsRows: [Int]

    package init(tokens: [Int32], runs: [Run], visual: [VisualRows] = [], logitsRows: [Int]) {
        precondition(runs.reduce(0) { $0 + $1.count } == tokens.count, "runs and \(tokens.count) tokens differ")
        self.tokens = tokens
        self.runs = runs
        self.visual = visual
        self.logitsRows = logitsRows
    }
}
