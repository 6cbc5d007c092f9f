import ImagePreprocessing
import Testing

struct PNGWriterTests {
    @Test("A tile that is written and read again is the same")
    func roundTrip() throws {
        let rgb = (0..<31 * 31 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        let image = try DecodedImage(decoding: try PNGWriter.encode(RGBTile(side: 31, rgb: rgb)))
        #expect(image == DecodedImage(mode: .rgb, width: 31, height: 31, samples: rgb))
    }
}
