import CImageCodecs

/// What an image file says about itself: enough to count its tiles, without decoding it.
package struct ImageHeader: Sendable, Equatable {
    package let format: ImageFormat
    /// Pixels, as stored: EXIF orientation is not applied.
    package let width, height: Int
    /// The mode that Pillow opens the file in.
    package let mode: ImageMode

    /// Reads the header and holds it against the limits; the cost does not depend on the size of the picture.
    ///
    /// The decoder reads the same header with the same code, so a tile count made from it is the decoder's.
    package static func read(
        _ bytes: UnsafeRawBufferPointer,
        limits: ImageLimits = .standard
    ) throws(ImageError) -> ImageHeader {
        let format = try ImageFormat.recognise(bytes)
        try limits.check(byteCount: bytes.count)
        var header = image_header()
        try format.call(bytes) { start, count, reason in
            switch format {
            case .jpeg: image_jpeg_header(start, count, &header, reason)
            case .png: image_png_header(start, count, &header, reason)
            case .webp: image_webp_header(start, count, &header, reason)
            }
        }
        let (width, height) = (Int(header.width), Int(header.height))
        try limits.check(width: width, height: height)
        guard width > 0, height > 0, let mode = ImageMode.allCases.first(where: { $0.code == header.mode }) else {
            throw .damaged(format, reason: "its header says \(width)×\(height) pixels")
        }
        return ImageHeader(format: format, width: width, height: height, mode: mode)
    }

    package static func read(_ bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageError) -> ImageHeader {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ImageError) in
            try read(UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// The same in C.
    var code: image_header { image_header(width: UInt32(width), height: UInt32(height), mode: mode.code) }
}

extension ImageFormat {
    /// Calls a codec and turns its status and reason into an error.
    func call(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<CChar>) -> Int32
    ) throws(ImageError) {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { throw .empty }
        var reason = [CChar](repeating: 0, count: Int(IMAGE_REASON_BYTES))
        let status = reason.withUnsafeMutableBufferPointer { buffer in
            // Not empty, so it has an address.
            buffer.baseAddress.map { body(start, bytes.count, $0) } ?? Int32(IMAGE_OUT_OF_MEMORY.rawValue)
        }
        let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        switch UInt32(status) {
        case IMAGE_OK.rawValue: return
        case IMAGE_UNSUPPORTED.rawValue: throw .unsupported(self, reason: text)
        case IMAGE_OUT_OF_MEMORY.rawValue: throw .outOfMemory(self)
        default: throw .damaged(self, reason: text)
        }
    }
}
