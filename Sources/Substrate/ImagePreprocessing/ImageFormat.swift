/// The file formats that are read, told apart by their first bytes.
package enum ImageFormat: String, Sendable, Equatable, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"

    /// The format that `bytes` starts as; throws what it looks like instead.
    static func recognise(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> ImageFormat {
        if bytes.isEmpty { throw .empty }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.holds("RIFF", at: 0), bytes.holds("WEBP", at: 8) { return .webp }
        throw .notAnImageWeRead(found: FileSignature.name(of: bytes))
    }
}

/// The names of formats that people hand in by mistake.
enum FileSignature {
    private static let signatures: [(magic: [UInt8], offset: Int, name: String)] = [
        (Array("GIF8".utf8), 0, "a GIF image"),
        (Array("BM".utf8), 0, "a BMP image"),
        ([0x49, 0x49, 0x2A, 0x00], 0, "a TIFF image"),
        ([0x4D, 0x4D, 0x00, 0x2A], 0, "a TIFF image"),
        (Array("ftypavif".utf8), 4, "an AVIF image"),
        (Array("ftyphei".utf8), 4, "a HEIC image"),
        (Array("ftypmif1".utf8), 4, "a HEIC image"),
        (Array("ftyp".utf8), 4, "a video file"),
        ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50], 0, "a JPEG 2000 image"),
        ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C], 0, "a JPEG XL image"),
        ([0xFF, 0x0A], 0, "a JPEG XL image"),
        ([0x00, 0x00, 0x01, 0x00], 0, "an ICO icon"),
        (Array("8BPS".utf8), 0, "a Photoshop document"),
        (Array("qoif".utf8), 0, "a QOI image"),
        (Array("%PDF".utf8), 0, "a PDF document"),
        (Array("%!PS".utf8), 0, "a PostScript document"),
        (Array("PK\u{3}\u{4}".utf8), 0, "a ZIP archive"),
        ([0x1F, 0x8B], 0, "a gzip archive"),
        (Array("RIFF".utf8), 0, "a RIFF file without a WebP image in it"),
        (Array("PNG".utf8), 1, "a PNG image whose first bytes were changed, as by a transfer in text mode"),
        ([0xFF, 0xD8], 0, "the beginning of a JPEG image"),
    ]

    private static let markup: [(prefix: String, name: String)] = [
        ("<!doctype html", "an HTML page"),
        ("<html", "an HTML page"),
        ("<svg", "an SVG drawing"),
        ("<?xml", "an XML document, perhaps an SVG drawing"),
        ("data:image", "a data: URL, not the bytes that it stands for"),
        ("{", "JSON or other text"),
    ]

    /// What `bytes` look like, with an article, or `nil`.
    static func name(of bytes: UnsafeRawBufferPointer) -> String? {
        for signature in signatures where bytes.holds(signature.magic, at: signature.offset) { return signature.name }
        let blanks: [UInt8] = [0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF]
        let text = String(decoding: bytes.prefix(512).drop { blanks.contains($0) }.prefix(32), as: UTF8.self)
            .lowercased()
        return markup.first { text.hasPrefix($0.prefix) }?.name
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func holds(_ text: String, at offset: Int) -> Bool { holds(Array(text.utf8), at: offset) }

    fileprivate func holds(_ magic: [UInt8], at offset: Int) -> Bool { dropFirst(offset).starts(with: magic) }
}
