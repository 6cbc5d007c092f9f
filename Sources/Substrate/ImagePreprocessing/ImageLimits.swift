/// How large an image may be, checked against its header before anything is allocated for it.
///
/// Decoding and resizing an image within the limits takes at most about 12 bytes a pixel: the samples, and what libjpeg
/// (progressive) or libwebp holds besides.
package struct ImageLimits: Sendable, Equatable {
    /// Width · height.
    package var maxPixels: Int
    /// Width and height each; JPEG's own limit, and what bounds the work that a 1-pixel-wide image makes.
    package var maxSide: Int
    /// Bytes of the file.
    package var maxBytes: Int

    package static let standard = ImageLimits()

    package init(maxPixels: Int = 64_000_000, maxSide: Int = 65_535, maxBytes: Int = 64 << 20) {
        self.maxPixels = maxPixels
        self.maxSide = maxSide
        self.maxBytes = maxBytes
    }

    func check(byteCount: Int) throws(ImageError) {
        if byteCount > maxBytes { throw .tooManyBytes(count: byteCount, limit: maxBytes) }
    }

    func check(width: Int, height: Int) throws(ImageError) {
        let pixels = width.multipliedReportingOverflow(by: height)
        if pixels.overflow || pixels.partialValue > maxPixels {
            throw .tooManyPixels(width: width, height: height, limit: maxPixels)
        }
        if max(width, height) > maxSide { throw .tooLong(width: width, height: height, limit: maxSide) }
    }
}
