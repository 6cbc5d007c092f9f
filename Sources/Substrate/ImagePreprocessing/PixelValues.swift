/// Tiles as the vision tower's input: (value / 255 − mean) / std, channel by channel.
///
/// Float32 operations in the reference's order (PyTorch: divide, subtract, divide), one per possible value and channel.
package struct PixelValues: Sendable {
    /// What each value of each channel becomes: `[3, 256]`.
    private let table: [Float]

    /// `mean` and `std`: three each, red first (`image_mean`, `image_std` of `preprocessor_config.json`).
    package init(mean: [Float], std: [Float]) {
        precondition(mean.count == 3 && std.count == 3, "\(mean.count) means, \(std.count) deviations")
        table = (0..<3).flatMap { channel in
            (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] }
        }
    }

    /// Floats of one tile of `side` pixels.
    package static func count(side: Int) -> Int { 3 * side * side }

    /// Writes `[3, side, side]`.
    package func write(_ tile: RGBTile, into values: UnsafeMutablePointer<Float>) {
        let plane = tile.side * tile.side
        tile.rgb.withUnsafeBufferPointer { rgb in
            table.withUnsafeBufferPointer { table in
                for channel in 0..<3 {
                    let out = values + channel * plane
                    for i in 0..<plane { out[i] = table[channel << 8 + Int(rgb[3 * i + channel])] }
                }
            }
        }
    }

    /// The same in one call; for many tiles keep a `PixelValues`.
    package static func write(_ tile: RGBTile, mean: [Float], std: [Float], into values: UnsafeMutablePointer<Float>) {
        PixelValues(mean: mean, std: std).write(tile, into: values)
    }
}
