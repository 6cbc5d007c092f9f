import ImagePreprocessing
import TestSupport
import Testing

struct DecodedImageTests {
    private static func file(_ name: String) throws -> [UInt8] {
        try #require(try GoldenTiles.all(in: "images/more").first { $0.file == name }).bytes(in: "images/more")
    }

    @Test(
        "A file cut anywhere is an error, or the picture where nothing but its end is missing; never half a picture",
        arguments: [
            ("c2d8.png", 20), ("c2d8i.png", 20), ("c3d4i.png", 20), ("j420.jpg", 1), ("j444p.jpg", 1), ("jgrey.jpg", 1),
            ("jycck.jpg", 1), ("jrestart.jpg", 1), ("wlossy60.webp", 1), ("wlossless.webp", 1),
            ("wlossy-alpha.webp", 1), ("wanimated.webp", 1),
        ]
    )
    func truncated(name: String, needless: Int) throws {
        let bytes = try Self.file(name)
        let whole = try DecodedImage(decoding: bytes)
        for count in stride(from: 1, to: bytes.count - needless, by: 7) + [bytes.count - needless - 1] {
            do throws(ImageError) {
                // A picture whose data lack the last bits only has all its pixels.
                #expect(try DecodedImage(decoding: Array(bytes.prefix(count))) == whole)
                #expect(count >= bytes.count - needless - 5, "\(count) of \(bytes.count) bytes")
            } catch {
                continue
            }
        }
        for missing in 1...needless where needless > 1 {
            #expect(try DecodedImage(decoding: Array(bytes.dropLast(missing))) == whole, "\(missing) bytes short")
        }
    }

    @Test("Pixels that do not add up are damage, although their chunk's own sum is not looked at")
    func wrongSum() throws {
        let file = try Self.file("odd-data-sum.png")
        #expect(throws: Never.self) { try DecodedImage(decoding: file) }
        // Behind the data of the pixels: their sum, the chunk's sum, IEND.
        var wrong = file
        wrong[file.count - 12 - 4 - 1] ^= 1
        let error = #expect(throws: ImageError.self) { try DecodedImage(decoding: wrong) }
        #expect(error?.description.hasSuffix("its pixels do not have the sum that the file tells") == true)
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
