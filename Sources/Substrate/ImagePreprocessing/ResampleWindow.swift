import CImageCodecs

/// The work area of a bicubic resize: the rows that the next output row is made of, in a ring.
///
/// ```
/// horizontal first: ring ← horizontal(source row);  output ← vertical(ring)
/// vertical first:   ring ← source row;              output ← horizontal(vertical(ring))
/// ```
/// The two differ in the last bit of some pixels, since what lies between the passes is rounded to 8 (16) bits.
struct ResampleWindow {
    let source: SourceRows
    /// Output pixels a row.
    let width: Int
    /// `nil` where the axis keeps its length.
    let horizontal: ResampleAxis?
    let vertical: ResampleAxis?
    let isVerticalFirst: Bool

    private var code: Int32 { source.image.mode.code }
    private var inputs: Int { source.image.width }
    /// Pixels of a row in the ring.
    private var ringWidth: Int { isVerticalFirst ? inputs : width }

    func write(rows: Range<Int>, into rgb: UnsafeMutablePointer<UInt8>) {
        let ringBytes = ringWidth * image_bytes_per_work_pixel(code)
        let capacity = vertical?.maxCount ?? 1
        withRow(pixels: ringWidth * capacity) { ring in
            withRow(pixels: max(inputs, width)) { line in
                withRow(pixels: width) { output in
                    var next = 0
                    for y in rows {
                        let start = vertical.map { Int($0.starts[y]) } ?? y
                        let end = start + (vertical.map { Int($0.counts[y]) } ?? 1)
                        fill(max(next, start)..<max(next, end), line: line) { ring + $0 % capacity * ringBytes }
                        next = max(next, end)
                        let window = (start..<end).map { Optional(UnsafePointer(ring + $0 % capacity * ringBytes)) }
                        combine(window, y: y, line: line, into: output)
                        image_rgb_from_work(code, output, width, rgb + (y - rows.lowerBound) * width * 3)
                    }
                }
            }
        }
    }

    /// Brings source rows into the ring.
    private func fill(_ rows: Range<Int>, line: Row, place: (Int) -> Row) {
        guard let horizontal, !isVerticalFirst else {
            for row in rows { image_work_from_samples(code, source.samples(row), inputs, place(row)) }
            return
        }
        horizontal.withCode { axis in
            for row in rows {
                image_work_from_samples(code, source.samples(row), inputs, line)
                image_resample_horizontal(code, axis, line, place(row))
            }
        }
    }

    /// Makes output row `y` of the rows in the ring.
    private func combine(_ window: [UnsafePointer<UInt8>?], y: Int, line: Row, into output: Row) {
        let target = isVerticalFirst ? line : output
        if let vertical {
            vertical.withCode { image_resample_vertical(code, $0, y, window, ringWidth, target) }
        } else if let only = window[0] {
            target.update(from: only, count: ringWidth * image_bytes_per_work_pixel(code))
        }
        if isVerticalFirst { horizontal?.withCode { image_resample_horizontal(code, $0, line, output) } }
    }

    private typealias Row = UnsafeMutablePointer<UInt8>

    /// Room for work pixels, and for the 16 bytes that a vector may read beyond them under weights of zero.
    private func withRow(pixels: Int, _ body: (Row) -> Void) {
        let bytes = pixels * image_bytes_per_work_pixel(code) + 16
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes) { area in
            area.initialize(repeating: 0)
            // Not empty, so it has an address.
            if let start = area.baseAddress { body(start) }
        }
    }
}
