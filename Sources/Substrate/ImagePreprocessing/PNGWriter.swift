import CImageCodecs

/// Tiles as PNG files, for people to look at.
package enum PNGWriter {
    /// The bytes of an RGB PNG file.
    package static func encode(_ tile: RGBTile) throws(ImageError) -> [UInt8] {
        try encode(tile.rgb, width: tile.side, height: tile.side)
    }

    /// The same of a picture, `[height, width, 3]`.
    package static func encode(_ rgb: [UInt8], width: Int, height: Int) throws(ImageError) -> [UInt8] {
        precondition(rgb.count == width * height * 3, "a picture of \(width)×\(height) with \(rgb.count) bytes")
        var file = Growing()
        try withUnsafeMutablePointer(to: &file) { (file) throws(ImageError) in
            try rgb.withUnsafeBufferPointer { (rgb) throws(ImageError) in
                try ImageFormat.png.call(UnsafeRawBufferPointer(rgb)) { pixels, _, reason in
                    image_png_encode(
                        pixels,
                        UInt32(width),
                        UInt32(height),
                        { Growing.append($0, $1, $2) },
                        file,
                        reason
                    )
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
