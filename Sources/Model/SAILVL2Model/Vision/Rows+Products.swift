import Kernels

extension Rows {
    /// The part that lies in `rows` and `columns`.
    subscript(rows: Range<Int>, columns: Range<Int>) -> Rows { self.rows(rows).columns(columns) }
}

extension Int {
    func dividedRoundingUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
