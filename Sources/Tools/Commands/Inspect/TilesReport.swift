import Digests
import Foundation
import ImagePreprocessing

/// What `flotilla tiles` prints.
enum TilesReport {
    private struct Line: Encodable {
        let file: String
        let size: [Int]
        let grid: [Int]
        let secondGrid: [Int]?
        let tiles: Int
        let digests: [String]

        enum CodingKeys: String, CodingKey {
            case file, size, grid, tiles
            case secondGrid = "second_grid"
            case digests = "rgb_sha256"
        }
    }

    /// A JSON array, one object an image and a line.
    static func json(_ images: [ImageTiles]) throws -> String {
        let lines = images.map { image in
            Line(
                file: image.path,
                size: [image.width, image.height],
                grid: image.layout.grid.pair,
                secondGrid: image.layout.second?.pair,
                tiles: image.tiles.count,
                digests: image.tiles.map { SHA256.hex($0.rgb) }
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let objects = try lines.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        return "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    }

    /// A line an image; a single image gets the digest of each tile below it.
    static func table(_ images: [ImageTiles]) -> String {
        var rows = [["file", "pixels", "mode", "grid", "tiles"]]
        for image in images {
            let grids = [image.layout.grid, image.layout.second].compactMap { $0 }
            let grid = grids.map { "\($0.columns)×\($0.rows)" }.joined(separator: " + ")
            rows.append([
                image.path, "\(image.width)×\(image.height)", image.mode.rawValue, grid,
                "\(image.tiles.count)" + (image.layout.hasThumbnail ? " (1 thumbnail)" : ""),
            ])
        }
        let widths = (0..<rows[0].count).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for row in rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            text += trimmed(cells.joined(separator: "  ")) + "\n"
        }
        if let only = images.first, images.count == 1 {
            text += "\n" + digests(only)
        }
        return text
    }

    private static func digests(_ image: ImageTiles) -> String {
        zip(TileFiles.names(image), image.tiles).map { name, tile in
            let label = name.padding(toLength: 10, withPad: " ", startingAt: 0)
            return "\(label) sha256 \(SHA256.hex(tile.rgb))\n"
        }.joined()
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
