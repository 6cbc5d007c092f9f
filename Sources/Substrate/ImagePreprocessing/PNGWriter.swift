import CImageCodecs

/// Tiles as PNG files, for people to look at.
package enum PNGWriter {
    /// The bytes of an RGB PNG file.
    package static func encode(_ tile: RGBTile) throws(ImageError) -> [UInt8] {
        var file = Growing()
        let side = UInt32(tile.side)
        try withUnsafeMutablePointer(to: &file) { (file) throws(ImageError) in
            try tile.rgb.withUnsafeBufferPointer { (rgb) throws(ImageError) in
                try ImageFormat.png.call(UnsafeRawBufferPointer(rgb)) { pixels, _, reason in
                    image_png_encode(pixels, side, side, { Growing.append($0, $1, $2) }, file, reason)
                }
            }
        }
        return file.bytes
    }

    private struct Growing {
        var bytes: [UInt8] = []

        static func append(_ context: UnsafeMutableRawPointer?, _ piece: UnsafePointer<UInt8>?, _ count: Int) {
            context?.assumingMemoryBound(to: Growing.self).pointee
                .bytes.append(contentsOf: UnsafeBufferPointer(start: piece, count: count))
        }
    }
}
