import Foundation
import ImagePreprocessing
import TestSupport
import Testing

/// Damaged files of all formats: a clean error or a picture, never a crash, never a hang.
///
/// The same kinds of damage under AddressSanitizer: `scripts/asan-images`.
struct DamagedImageTests {
    private static func files() throws -> [[UInt8]] {
        try GoldenTiles.all(in: "images/more").map { try $0.bytes(in: "images/more") }
    }

    @Test(
        "500 damaged images end in an error with a reason or in a picture, none in a hang",
        arguments: [11, 12]
    )
    func mutations(seed: UInt64) throws {
        let files = try Self.files()
        var random = SeededRandom(seed: seed)
        var decoded = 0
        var refused = 0
        let limits = ImageLimits(maxPixels: 1_000_000)
        for number in 0..<250 {
            let bytes = Self.damaged(files[number * 7 % files.count], others: files, using: &random)
            let start = ContinuousClock.now
            do {
                let image = try DecodedImage(decoding: bytes, limits: limits)
                #expect(image.samples.count == image.width * image.height * image.mode.bytesPerPixel)
                let tiles = Tiler(side: 8, maxTiles: 4).tiles(of: image)
                #expect(tiles.allSatisfy { $0.rgb.count == 192 })
                decoded += 1
            } catch {
                #expect(error.description.count > 20 && !error.description.hasSuffix(": "), "seed \(seed), \(number)")
                refused += 1
            }
            #expect(ContinuousClock.now - start < .seconds(Watchdog.seconds), "seed \(seed), \(number)")
        }
        #expect(
            decoded > 10 && refused > 100,
            "\(decoded) decoded, \(refused) refused: the damage is too weak or too strong"
        )
    }

    private static func damaged(_ file: [UInt8], others: [[UInt8]], using random: inout SeededRandom) -> [UInt8] {
        var bytes = file
        if Int.random(in: 0..<4, using: &random) == 0 {
            bytes.removeLast(Int.random(in: 0...bytes.count - 12, using: &random))
        }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            // Half of the damage goes to the beginning, where the structure is.
            let reach = Bool.random(using: &random) ? bytes.count : min(bytes.count, 150)
            let at = Int.random(in: 0..<reach, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...30, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2: for i in at..<min(end, at + 4) { bytes[i] = 0xFF }
            case 3: bytes.removeSubrange(at..<end)
            default:
                let other = others[Int.random(in: 0..<others.count, using: &random)]
                bytes.insert(contentsOf: other.dropFirst(at).prefix(end - at), at: at)
            }
            if bytes.isEmpty { return bytes }
        }
        if bytes.starts(with: PNGFile.signature), Bool.random(using: &random) { PNGFile.repair(&bytes) }
        return bytes
    }
}
