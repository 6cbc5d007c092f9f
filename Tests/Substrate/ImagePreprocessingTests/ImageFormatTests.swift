import ImagePreprocessing
import Testing

struct ImageFormatTests {
    @Test(
        "What is not read is named",
        arguments: [
            ("GIF89a,,,", "a GIF image"), ("BM6789", "a BMP image"), ("%PDF-1.7", "a PDF document"),
            ("<!DOCTYPE html><html>", "an HTML page"), ("\n  <HTML>", "an HTML page"),
            ("<svg xmlns=", "an SVG drawing"),
            ("\u{FEFF}<?xml version", "an XML document, perhaps an SVG drawing"),
            ("{\"error\":1}", "JSON or other text"),
            ("data:image/png;base64,iVBOR", "a data: URL, not the bytes that it stands for"),
            ("\0\0\0\u{1C}ftypavif", "an AVIF image"), ("\0\0\0\u{1C}ftypheic", "a HEIC image"),
            ("\0\0\0\u{1C}ftypisom", "a video file"), ("\0\0\0\u{1C}ftypqt  \0\0\0\0qt  ", "a video file"),
            ("\0\0\0\u{1C}ftyphevc\0\0\0\0msf1hevc", "a HEIC image sequence"),
            ("\0\0\0\u{1C}ftyphevx", "a HEIC image sequence"), ("\0\0\0\u{1C}ftypavis", "an AVIF image sequence"),
            ("\0\0\0\u{1C}ftypmif1\0\0\0\0mif1heic", "a HEIC image"), ("\0\0\0\u{10}ftypmif1", "a HEIC image"),
            ("\0\0\0\u{1C}ftypmif1\0\0\0\0mif1avifmiaf", "an AVIF image"),
            ("\0\0\0\u{1C}ftypmsf1\0\0\0\0mif1avifavis", "an AVIF image sequence"),
            ("\0\0\0\u{1C}ftypmsf1\0\0\0\0heic", "a HEIC image sequence"),
            ("\u{7F}\u{7F}\u{7F}\u{7F}ftypisom", "a video file"), ("\0\0\0\u{1C}ftyp", "a video file"),
            ("RIFF1234WAVE", "a RIFF file without a WebP image in it"),
            ("II*\0abcd", "a TIFF image"), ("PK\u{3}\u{4}", "a ZIP archive"),
        ]
    )
    func named(text: String, name: String) {
        let error = #expect(throws: ImageError.self) { try ImageHeader.read(Array(text.utf8)) }
        #expect(error == .notAnImageWeRead(found: name))
        #expect(error?.description == "this is \(name), not a JPEG, PNG or WebP image")
    }

    @Test("A PNG damaged by a transfer in text mode is recognised as that")
    func textMode() {
        let bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0A, 0x1A, 0x0A]
        let error = #expect(throws: ImageError.self) { try ImageHeader.read(bytes) }
        #expect(error?.description.contains("text mode") == true)
    }

    @Test("Unknown bytes and no bytes")
    func unknown() {
        #expect(throws: ImageError.notAnImageWeRead(found: nil)) { try ImageHeader.read([1, 2, 3, 4]) }
        #expect(throws: ImageError.empty) { try ImageHeader.read([UInt8]()) }
    }
}
