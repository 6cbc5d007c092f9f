import ImagePreprocessing
import TestSupport
import Testing

struct ImageHeaderTests {
    private static func file(_ name: String) throws -> [UInt8] {
        try #require(try GoldenTiles.all(in: "images/more").first { $0.file == name }).bytes(in: "images/more")
    }

    @Test(
        "More pixels, longer sides and more bytes than the limit are refused by the header",
        arguments: [
            "c2d8.png", "j420.jpg", "wlossy60.webp",
        ]
    )
    func limits(name: String) throws {
        let bytes = try Self.file(name)
        let header = try ImageHeader.read(bytes)
        let (width, height) = (header.width, header.height)
        let pixels = width * height
        #expect(throws: ImageError.tooManyPixels(width: width, height: height, limit: pixels - 1)) {
            try ImageHeader.read(bytes, limits: ImageLimits(maxPixels: pixels - 1))
        }
        #expect(throws: ImageError.tooLong(width: width, height: height, limit: width - 1)) {
            try ImageHeader.read(bytes, limits: ImageLimits(maxSide: width - 1))
        }
        #expect(throws: ImageError.tooManyBytes(count: bytes.count, limit: bytes.count - 1)) {
            try ImageHeader.read(bytes, limits: ImageLimits(maxBytes: bytes.count - 1))
        }
        let exact = ImageLimits(maxPixels: pixels, maxSide: width, maxBytes: bytes.count)
        #expect(try DecodedImage(decoding: bytes, limits: exact).width == width)
    }

    @Test("A header that promises more than its bytes can hold is damage, not memory")
    func implausible() throws {
        let idat = PNGFile.chunk("IDAT", [UInt8](repeating: 0, count: 50)) + PNGFile.chunk("IEND", [])
        var jpeg = try Self.file("j420.jpg")
        let frame = try #require(jpeg.indices.dropLast(9).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x1F, 0x40, 0x1F, 0x40])
        for bytes in [PNGFile.header(width: 8000, height: 8000) + idat, jpeg] {
            let error = #expect(throws: ImageError.self) { try ImageHeader.read(bytes) }
            #expect(error?.description.contains("its header says 8000×8000 pixels, which") == true)
        }
    }

    @Test(
        "Sizes at the edge of what a header can say",
        arguments: [
            (0x7FFF_FFFF, 0x7FFF_FFFF), (0x7FFF_FFFF, 1), (1, 70_000), (0, 5), (5, 0), (0xFFFF_FFFF, 2),
        ]
    )
    func extremes(width: Int, height: Int) {
        let bytes =
            PNGFile.header(width: width, height: height) + PNGFile.chunk("IDAT", [UInt8](repeating: 1, count: 99))
        #expect(throws: ImageError.self) { try ImageHeader.read(bytes) }
    }

    @Test("A cut header is damage", arguments: ["c2d8.png", "j420.jpg", "wlossy60.webp", "wlossless.webp"])
    func cut(name: String) throws {
        let bytes = try Self.file(name)
        for count in 12..<32 {
            let error = #expect(throws: ImageError.self) { try ImageHeader.read(Array(bytes.prefix(count))) }
            if case .damaged = error { continue }
            Issue.record("\(count) bytes: \(error?.description ?? "no error")")
        }
    }
}
