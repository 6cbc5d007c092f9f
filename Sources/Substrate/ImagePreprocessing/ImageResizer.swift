import CImageCodecs

/// Pillow's `image.resize((width, height)).convert("RGB")`, to the bit, for any range of output rows.
///
/// Bicubic with antialiasing in two passes with 8-bit intermediates: horizontal first, or vertical first where the
/// height shrinks much more than the width. A source row is brought in when an output row first needs it and forgotten
/// after the last, so the work area is a few rows whatever the height of the image. Ranges of rows are independent of
/// each other: threads may share an image by rows.
package struct ImageResizer: Sendable {
    private enum Method: Sendable {
        /// The size stays: Pillow copies, without the detour through premultiplied alpha.
        case copy
        /// The source column and row of each output.
        case nearest(columns: [Int32], rows: [Int32])
        /// An axis whose length stays is not resampled.
        case bicubic(horizontal: ResampleAxis?, vertical: ResampleAxis?, isVerticalFirst: Bool)
    }

    package let image: DecodedImage
    package let width, height: Int
    private let method: Method

    package init(_ image: DecodedImage, width: Int, height: Int) {
        precondition(width > 0 && height > 0, "\(width)×\(height)")
        (self.image, self.width, self.height) = (image, width, height)
        let keepsWidth = width == image.width, keepsHeight = height == image.height
        // Pillow 13's rule, found by comparing with 13.0.0; up to Pillow 12 the horizontal pass always came first.
        let lostColumns = image.width - width, lostRows = image.height - height
        let isVerticalFirst = lostRows > 0 && 2 * lostColumns < lostRows
        if keepsWidth && keepsHeight {
            method = .copy
        } else if image.mode.isIndexed {
            method = .nearest(
                columns: Self.nearest(inputs: image.width, outputs: width),
                rows: Self.nearest(inputs: image.height, outputs: height)
            )
        } else {
            method = .bicubic(
                horizontal: keepsWidth ? nil : ResampleAxis(inputs: image.width, outputs: width),
                vertical: keepsHeight ? nil : ResampleAxis(inputs: image.height, outputs: height),
                isVerticalFirst: !keepsWidth && isVerticalFirst
            )
        }
    }

    /// Writes rows of `width` RGB pixels, `rows.count * width * 3` bytes.
    package func write(rows: Range<Int>, into rgb: UnsafeMutablePointer<UInt8>) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= height, "rows \(rows) of \(height)")
        image.samples.withUnsafeBufferPointer { samples in
            guard let first = samples.baseAddress else { return }
            let source = SourceRows(image: image, first: first)
            switch method {
            case .copy:
                for y in rows { source.writeRGB(row: y, into: rgb + (y - rows.lowerBound) * width * 3) }
            case .nearest(let columns, let sourceRows):
                for y in rows {
                    let out = rgb + (y - rows.lowerBound) * width * 3
                    source.writeRGB(row: Int(sourceRows[y]), columns: columns, into: out)
                }
            case .bicubic(let horizontal, let vertical, let isVerticalFirst):
                ResampleWindow(
                    source: source,
                    width: width,
                    horizontal: horizontal,
                    vertical: vertical,
                    isVerticalFirst: isVerticalFirst
                ).write(rows: rows, into: rgb)
            }
        }
    }

    /// All rows.
    package func rgb() -> [UInt8] {
        let count = width * height * 3
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let start = buffer.baseAddress else { return }
            write(rows: 0..<height, into: start)
            initialized = count
        }
    }

    /// Pillow's `ImagingScaleAffine`: positions are summed up, not multiplied, and cut.
    private static func nearest(inputs: Int, outputs: Int) -> [Int32] {
        let step = Double(inputs) / Double(outputs)
        var position = step * 0.5
        return (0..<outputs).map { _ in
            defer { position += step }
            return Int32(min(Int(position), inputs - 1))
        }
    }
}

/// The rows of a decoded image, while its samples have an address.
struct SourceRows {
    let image: DecodedImage
    let first: UnsafePointer<UInt8>

    func samples(_ row: Int) -> UnsafePointer<UInt8> { first + row * image.width * image.mode.bytesPerPixel }

    func writeRGB(row: Int, into rgb: UnsafeMutablePointer<UInt8>) {
        image_rgb_from_samples(image.mode.code, samples(row), image.width, image.palette, rgb)
    }

    func writeRGB(row: Int, columns: [Int32], into rgb: UnsafeMutablePointer<UInt8>) {
        image_rgb_by_columns(image.mode.code, samples(row), columns, columns.count, image.palette, rgb)
    }
}
