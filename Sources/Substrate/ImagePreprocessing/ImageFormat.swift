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
        if bytes.holds("ftyp", at: 4) { return mediaName(of: bytes) }
        for signature in signatures where bytes.holds(signature.magic, at: signature.offset) { return signature.name }
        let blanks: [UInt8] = [0x09, 0x0A, 0x0D, 0x20, 0xEF, 0xBB, 0xBF]
        let text = String(decoding: bytes.prefix(512).drop { blanks.contains($0) }.prefix(32), as: UTF8.self)
            .lowercased()
        return markup.first { text.hasPrefix($0.prefix) }?.name
    }
}

// Files of ISO's base media format, which hold videos, pictures and sequences of pictures.
extension FileSignature {
    private static let brands: [String: String] = [
        "avif": "an AVIF image", "avis": "an AVIF image sequence",
        "heic": "a HEIC image", "heix": "a HEIC image", "heim": "a HEIC image", "heis": "a HEIC image",
        "hevc": "a HEIC image sequence", "hevx": "a HEIC image sequence", "hevm": "a HEIC image sequence",
        "hevs": "a HEIC image sequence", "crx ": "a Canon raw photo",
    ]

    /// The name by the file's own brand, or where that is of pictures in general by those that it says to be besides.
    private static func mediaName(of bytes: UnsafeRawBufferPointer) -> String {
        let length = min(bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }, bytes.count, 256)
        let major = brand(in: bytes, at: 8)
        if let name = brands[major] { return name }
        let others = stride(from: 16, to: max(16, length - 3), by: 4).map { brand(in: bytes, at: $0) }
        switch major {
        case "mif1", "miaf": return others.compactMap { brands[$0] }.first ?? "a HEIC image"
        case "msf1":
            return others.compactMap { brands[$0] }.first { $0.hasSuffix("sequence") } ?? "a HEIC image sequence"
        default: return "a video file"
        }
    }

    private static func brand(in bytes: UnsafeRawBufferPointer, at offset: Int) -> String {
        String(decoding: bytes.dropFirst(offset).prefix(4), as: UTF8.self)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func holds(_ text: String, at offset: Int) -> Bool { holds(Array(text.utf8), at: offset) }

    fileprivate func holds(_ magic: [UInt8], at offset: Int) -> Bool { dropFirst(offset).starts(with: magic) }
}
