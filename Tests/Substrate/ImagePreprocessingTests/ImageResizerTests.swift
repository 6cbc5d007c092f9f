import ImagePreprocessing
import TestSupport
import Testing

struct ImageResizerTests {
    private static func image(_ mode: ImageMode, width: Int, height: Int) -> DecodedImage {
        var random = SeededRandom(seed: 7)
        let samples = (0..<width * height * mode.bytesPerPixel).map { _ in
            mode == .bilevel ? (Bool.random(using: &random) ? 255 : 0) : UInt8.random(in: 0...255, using: &random)
        }
        let palette = mode == .palette ? (0..<768).map { _ in UInt8.random(in: 0...255, using: &random) } : []
        return DecodedImage(mode: mode, width: width, height: height, samples: samples, palette: palette)
    }

    @Test("Any range of rows is the same as those of the whole", arguments: ImageMode.allCases)
    func rows(mode: ImageMode) {
        // Both orders of the passes, upscaling, and a kept width.
        for (width, height) in [(40, 11), (11, 40), (7, 5), (13, 60)] {
            let resizer = ImageResizer(Self.image(mode, width: width, height: height), width: 13, height: 9)
            let whole = resizer.rgb()
            for first in 0..<9 {
                for end in first + 1...9 {
                    var part = [UInt8](repeating: 0, count: (end - first) * 39)
                    resizer.write(rows: first..<end, into: &part)
                    #expect(part == Array(whole[first * 39..<end * 39]), "\(width)×\(height), rows \(first)..<\(end)")
                }
            }
        }
    }

    @Test("One colour stays that colour, whatever the size", arguments: [1, 2, 3, 50, 311])
    func constant(size: Int) {
        let samples = (0..<size * 3).flatMap { _ in [9, 128, 250] as [UInt8] }
        let image = DecodedImage(mode: .rgb, width: size, height: 3, samples: samples)
        for (width, height) in [(1, 1), (17, 90), (448, 2)] {
            let rgb = ImageResizer(image, width: width, height: height).rgb()
            #expect(rgb == (0..<width * height).flatMap { _ in [9, 128, 250] as [UInt8] })
        }
    }

    @Test("A transparent red does not bleed into the opaque colour beside it")
    func premultiplied() {
        let samples: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 0, 0, 200, 255, 0, 0, 200, 255]
        let image = DecodedImage(mode: .rgba, width: 4, height: 1, samples: samples)
        let rgb = ImageResizer(image, width: 9, height: 1).rgb()
        #expect(stride(from: 0, to: 27, by: 3).allSatisfy { rgb[$0] == 0 })
        #expect(Array(rgb.suffix(3)) == [0, 0, 200])
    }

    @Test("A very long image needs a work area of a few rows only")
    func long() {
        let image = DecodedImage(mode: .grey, width: 1, height: 65_535, samples: [UInt8](repeating: 77, count: 65_535))
        #expect(ImageResizer(image, width: 8, height: 80).rgb() == [UInt8](repeating: 77, count: 8 * 80 * 3))
    }
}
