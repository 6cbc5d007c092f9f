import ImagePreprocessing
import TestSupport
import Testing

struct DecodedImageTests {
    private static func file(_ name: String) throws -> [UInt8] {
        try #require(try GoldenTiles.all(in: "images/more").first { $0.file == name }).bytes(in: "images/more")
    }

    @Test(
        "A file cut anywhere is an error, never half a picture",
        arguments: [
            "c2d8.png", "c3d4i.png", "j420.jpg", "j444p.jpg", "jgrey.jpg", "jycck.jpg", "jrestart.jpg", "wlossy60.webp",
            "wlossless.webp", "wlossy-alpha.webp", "wanimated.webp",
        ]
    )
    func truncated(name: String) throws {
        let bytes = try Self.file(name)
        for count in stride(from: 1, to: bytes.count - 1, by: 7) + [bytes.count - 2] {
            #expect(throws: ImageError.self, "\(count) of \(bytes.count) bytes") {
                try DecodedImage(decoding: Array(bytes.prefix(count)))
            }
        }
    }

    @Test("Truncation is called truncation", arguments: ["c2d8.png", "j420.jpg", "wlossy60.webp"])
    func reason(name: String) throws {
        let bytes = try Self.file(name)
        let error = #expect(throws: ImageError.self) { try DecodedImage(decoding: Array(bytes.dropLast(300))) }
        #expect(error?.description.hasSuffix("image is damaged: the data ends before the image does") == true)
    }

    @Test("Palette entries that the file leaves out are black")
    func shortPalette() throws {
        let image = try DecodedImage(decoding: Self.file("palette-short.png"))
        #expect(image.mode == .palette && image.palette.count == 768)
        #expect(image.palette[(20 * 3)...].allSatisfy { $0 == 0 })
        #expect(image.palette[..<(20 * 3)].contains { $0 != 0 })
    }

    @Test("A progressive JPEG of more than a hundred scans is refused")
    func scanBomb() throws {
        let bytes = try Self.file("j444p.jpg")
        let starts = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
        let last = try #require(starts.last)
        let scan = bytes[last..<bytes.count - 2]
        let bomb = bytes.dropLast(2) + (0..<100).flatMap { _ in scan } + bytes.suffix(2)
        let error = #expect(throws: ImageError.self) { try DecodedImage(decoding: Array(bomb)) }
        #expect(error?.description == "the JPEG image is damaged: it has more than 100 scans")
        let few = bytes.dropLast(2) + (0..<20).flatMap { _ in scan } + bytes.suffix(2)
        #expect(throws: Never.self) { try DecodedImage(decoding: Array(few)) }
    }

    @Test("Bytes after the end of a file do not matter", arguments: ["c2d8.png", "j420.jpg", "wlossy60.webp"])
    func trailing(name: String) throws {
        let bytes = try Self.file(name)
        let image = try DecodedImage(decoding: bytes)
        #expect(try DecodedImage(decoding: bytes + [UInt8](repeating: 0xAB, count: 500)) == image)
    }

    @Test("Four lanes of ink are inverted as Adobe stores them")
    func cmyk() throws {
        let image = try DecodedImage(decoding: Self.file("jcmyk-adobe.jpg"))
        #expect(image.mode == .cmyk && image.samples.count == 40 * 33 * 4)
    }
}

extension StrideTo<Int> {
    fileprivate static func + (stride: Self, others: [Int]) -> [Int] { Array(stride) + others }
}
