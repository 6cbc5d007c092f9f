import Digests
import ImagePreprocessing
import Testing

struct PixelValuesTests {
    /// The digest of PyTorch's float32 bytes for the same pixels, `[3, 256]`.
    @Test("All 256 values of all channels are PyTorch's to the bit, channel by channel")
    func everyValue() {
        let tile = RGBTile(side: 16, rgb: (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) })
        var values = [Float](repeating: 0, count: PixelValues.count(side: 16))
        PixelValues.write(tile, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], into: &values)
        let bytes = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        #expect(SHA256.hex(bytes) == "1d8b9af12b7b391827f7c801265239e21435c7e29b4d78c6189a35e437633897")
    }

    @Test("Pixels go to [3, side, side]: rows stay rows")
    func layout() {
        let tile = RGBTile(side: 2, rgb: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        var values = [Float](repeating: 0, count: PixelValues.count(side: 2))
        PixelValues.write(tile, mean: [0, 0, 0], std: [1, 1, 1], into: &values)
        #expect(values == [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12].map { Float($0) / 255 })
    }
}
