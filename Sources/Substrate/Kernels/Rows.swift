/// Rows of floats in memory that somebody else owns: `[count, width]`, `stride` floats from one row to the next.
///
/// The currency of the kernels: activations are rows of tokens, and a part of a fused product (`q` of `q|k|v`) is the
/// same rows with fewer columns.
package struct Rows {
    package let base: UnsafeMutablePointer<Float>
    package let count: Int
    package let width: Int
    package let stride: Int

    package init(_ base: UnsafeMutablePointer<Float>, count: Int, width: Int, stride: Int? = nil) {
        precondition(count >= 0 && width >= 0, "rows: [\(count), \(width)]")
        precondition((stride ?? width) >= width, "rows: width \(width), stride \(stride ?? width)")
        self.base = base
        self.count = count
        self.width = width
        self.stride = stride ?? width
    }

    /// The same rows, these columns only.
    package func columns(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(width)")
        return Rows(base + range.lowerBound, count: count, width: range.count, stride: stride)
    }

    /// These rows only.
    package func rows(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows \(range) of \(count)")
        return Rows(base + range.lowerBound * stride, count: range.count, width: width, stride: stride)
    }

    /// The first number of row `index`.
    package func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }
}
