import Foundation
import ImagePreprocessing
import TestSupport
import Testing

struct ImageOrientationTests {
    private static func file(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Fixtures.url("images/cuts/\(name)")))
    }

    @Test("All eight, in every format", arguments: ["jpg", "png", "webp"])
    func all(format: String) throws {
        for orientation in ImageOrientation.allCases {
            #expect(ImageOrientation.read(try Self.file("turned\(orientation.rawValue).\(format)")) == orientation)
        }
    }

    @Test("A turn and its opposite give the picture back, in every mode and for odd sizes")
    func inverses() {
        for mode in ImageMode.allCases {
            for (width, height) in [(1, 1), (1, 7), (5, 1), (4, 3)] {
                let samples = (0..<width * height * mode.bytesPerPixel).map { UInt8(truncatingIfNeeded: 37 &* $0) }
                let palette = mode == .palette ? (0..<768).map { UInt8(truncatingIfNeeded: $0) } : []
                let image = DecodedImage(mode: mode, width: width, height: height, samples: samples, palette: palette)
                for orientation in ImageOrientation.allCases {
                    let opposite: ImageOrientation =
                        switch orientation {
                        case .clockwise: .counterclockwise
                        case .counterclockwise: .clockwise
                        default: orientation
                        }
                    #expect(image.turned(orientation).turned(opposite) == image)
                }
            }
        }
    }

    /// Offsets of a stranger's block may point anywhere; nothing but an orientation may come of it.
    @Test("Damaged blocks are never an error: 30,000 files with changed, missing and repeated bytes")
    func damage() throws {
        var random = SplitMixForTests(state: 7)
        let files = try ["turned6.jpg", "several.jpg", "split.jpg", "turned6.png", "after.png", "turned6.webp"]
            .map { try Self.file($0) }
        for round in 0..<30_000 {
            var bytes = files[round % files.count]
            for _ in 0..<1 + random.below(6) {
                let place = random.below(min(bytes.count, 200))
                switch random.below(4) {
                case 0: bytes[place] = UInt8(random.below(256))
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
                case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 6)], at: place)
                default: bytes[place] = 0xFF
                }
                if bytes.count < 20 { break }
            }
            _ = ImageOrientation.read(bytes)
        }
    }

    @Test("A file of nothing but marks or empty parts is read in one pass")
    func repeated() {
        let segment: [UInt8] = [0xFF, 0xE1, 0x00, 0x08] + Array("Exif\0\0".utf8)
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF] + Array(repeatElement(segment, count: 200_000).joined())
        #expect(ImageOrientation.read(jpeg) == .upright)
        let mark = Array("Exif\0\0".utf8)
        let body = Array(repeatElement(mark, count: 200_000).joined())
        let length = (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (24 - 8 * $0)) }
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + length + Array("eXIf".utf8) + body
        #expect(ImageOrientation.read(png + [0, 0, 0, 0]) == .upright)
    }
}

/// Steele, Lea and Flood's SplitMix64, so that a run can be repeated.
private struct SplitMixForTests {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }
}
