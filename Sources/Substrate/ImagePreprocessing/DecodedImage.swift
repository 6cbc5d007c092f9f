import CImageCodecs

/// An image as Pillow would hold it: a mode, a size and its samples.
///
/// JPEG comes from libjpeg-turbo's default decoder (accurate integer DCT, smooth upsampling), WebP from libwebp's; of
/// an animation it is the first frame. EXIF orientation, colour profiles and gamma are not applied.
package struct DecodedImage: Sendable, Equatable {
    package let mode: ImageMode
    /// Pixels.
    package let width, height: Int
    /// `[height, width, mode.bytesPerPixel]`, without padding.
    package let samples: [UInt8]
    /// `[256, 3]` for mode `"P"`, black where the file defines no colour; otherwise empty.
    package let palette: [UInt8]

    package init(mode: ImageMode, width: Int, height: Int, samples: [UInt8], palette: [UInt8] = []) {
        precondition(width > 0 && height > 0, "image of \(width)×\(height)")
        precondition(samples.count == width * height * mode.bytesPerPixel, "\(mode.rawValue): \(samples.count) samples")
        precondition(palette.count == (mode == .palette ? 768 : 0), "palette of \(palette.count) bytes")
        (self.mode, self.width, self.height) = (mode, width, height)
        (self.samples, self.palette) = (samples, palette)
    }

    /// Decodes a whole file; the header is held against the limits first.
    package init(decoding bytes: UnsafeRawBufferPointer, limits: ImageLimits = .standard) throws(ImageError) {
        let header = try ImageHeader.read(bytes, limits: limits)
        var palette = [UInt8](repeating: 0, count: header.mode == .palette ? 768 : 0)
        // Checked against the limits, so the product fits.
        let samples = try Self.samples(count: header.width * header.height * header.mode.bytesPerPixel) {
            (samples) throws(ImageError) in
            try header.format.call(bytes) { start, count, reason in
                var expected = header.code
                return switch header.format {
                case .jpeg: image_jpeg_decode(start, count, &expected, samples, reason)
                case .png: image_png_decode(start, count, &expected, samples, &palette, reason)
                case .webp: image_webp_decode(start, count, &expected, samples, reason)
                }
            }
        }
        self.init(mode: header.mode, width: header.width, height: header.height, samples: samples, palette: palette)
    }

    package init(decoding bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(ImageError) in
            try DecodedImage(decoding: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// An array that `fill` writes every byte of.
    private static func samples(
        count: Int,
        fill: (UnsafeMutablePointer<UInt8>) throws(ImageError) -> Void
    ) throws(ImageError) -> [UInt8] {
        var failure: ImageError?
        let samples = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let start = buffer.baseAddress else { return }
            do throws(ImageError) {
                try fill(start)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return samples
    }
}
