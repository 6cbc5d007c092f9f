import Diagnostics
import Foundation
import ImagePreprocessing

/// One tile on its way into a PNG file: `photo-tile-00.png`, …, `photo-thumbnail.png`.
struct TileFiles {
    let url: URL
    let tile: RGBTile

    /// The names of an image's tiles, in order, without the image's.
    static func names(_ image: ImageTiles) -> [String] {
        image.tiles.indices.map { index in
            if image.layout.hasThumbnail && index == image.tiles.count - 1 { return "thumbnail" }
            return "tile-" + (index < 10 ? "0" : "") + "\(index)"
        }
    }

    /// The files of all images; images of the same name in different directories get a number.
    static func plan(_ images: [ImageTiles], in directory: URL) -> [TileFiles] {
        var taken: Set<String> = []
        return images.flatMap { image in
            let base = URL(fileURLWithPath: image.path).deletingPathExtension().lastPathComponent
            var stem = base
            var number = 2
            while !taken.insert(stem).inserted {
                stem = "\(base)-\(number)"
                number += 1
            }
            return zip(names(image), image.tiles).map { name, tile in
                TileFiles(url: directory.appendingPathComponent("\(stem)-\(name).png"), tile: tile)
            }
        }
    }

    /// Writes the file, and the directory if there is none.
    func write() throws {
        let png = try PNGWriter.encode(tile)
        do {
            let directory = url.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data(png).write(to: url)
        } catch {
            throw UsageError("\(url.path) cannot be written", hint: "check --out, its permissions and the free space")
        }
    }
}
