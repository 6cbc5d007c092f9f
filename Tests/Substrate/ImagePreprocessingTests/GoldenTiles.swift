import Foundation
import ImagePreprocessing
import TestSupport
import Testing

/// One line of an `expected.json`: what Pillow makes of a file at one setting.
struct GoldenTiles: Decodable, Sendable, CustomTestStringConvertible {
    let file: String
    let size: [Int]
    let mode: String
    let side: Int
    let maxTiles: Int
    let grid: [Int]
    let tiles: Int
    let digests: [String]
    let tile0Row0: [UInt8]?

    enum CodingKeys: String, CodingKey {
        case file, size, mode, side, grid, tiles
        case maxTiles = "max_tiles"
        case digests = "rgb_sha256"
        case tile0Row0 = "tile0_row0"
    }

    var testDescription: String { "\(file) at \(side), \(maxTiles) tiles" }

    static func all(in folder: String) throws -> [GoldenTiles] {
        let data = try Data(contentsOf: Fixtures.url(folder).appendingPathComponent("expected.json"))
        return try JSONDecoder().decode([GoldenTiles].self, from: data)
    }

    func bytes(in folder: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: Fixtures.url(folder).appendingPathComponent(file)))
    }
}
