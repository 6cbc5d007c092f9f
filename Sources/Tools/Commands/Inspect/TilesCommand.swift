import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import ImagePreprocessing
import Requests

/// `flotilla tiles`: what the model sees of an image.
struct TilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tiles",
        abstract: "Shows how images are cut into tiles, without loading the model.",
        discussion: """
            JPEG, PNG and WebP files are decoded, resized and cut exactly as Pillow does it for the published model. \
            The tile side and the number of tiles come from the checkpoint's preprocessor_config.json, or are \
            448 and 10. If one image cannot be read, nothing is printed and nothing is written.
            """
    )

    @OptionGroup var model: OptionalModelOption

    @Argument(help: "JPEG, PNG or WebP files.")
    var images: [String]

    @Option(help: ArgumentHelp("Pixels along a tile's edge.", valueName: "pixels"))
    var side: Int?

    @Option(help: ArgumentHelp("Tiles at most, not counting the thumbnail.", valueName: "n"))
    var maxTiles: Int?

    @OptionGroup var cut: PictureCutOptions

    @Option(help: ArgumentHelp("Refuse images with more pixels.", valueName: "n"))
    var maxPixels: Int = ImageLimits.standard.maxPixels

    @Option(help: ArgumentHelp("Write the tiles as PNG files into this directory.", valueName: "dir"))
    var out: String?

    @Flag(help: "Print a JSON array, one object an image.")
    var json = false

    func run() throws {
        let tiler = try makeTiler()
        try Self.check("--max-pixels", maxPixels, within: 1...1_000_000_000)
        let limits = ImageLimits(maxPixels: maxPixels)
        let reports = try images.map { try ImageTiles(path: $0, tiler: tiler, limits: limits) }
        if let out {
            for report in TileFiles.plan(reports, in: URL(fileURLWithPath: out, isDirectory: true)) {
                try report.write()
            }
        }
        StandardOutput.say(json ? try TilesReport.json(reports) : TilesReport.table(reports))
    }

    private func makeTiler() throws -> Tiler {
        let published = try model.optionalDirectory().map { try ModelConfig(directory: $0).images }
        let side = side ?? published?.tileSide ?? 448
        let maxTiles = maxTiles ?? published?.maxTiles ?? 10
        try Self.check("--side", side, within: 1...2048)
        try Self.check("--max-tiles", maxTiles, within: 1...64)
        return Tiler(
            side: side,
            cut: PictureCut(
                maxTiles: maxTiles,
                tiling: try cut.tilingChoice() ?? (published?.usesMSAC == true ? .msac : .standard),
                rgbFirst: cut.rgbFirst,
                orient: cut.orient
            )
        )
    }

    private static func check(_ option: String, _ value: Int, within range: ClosedRange<Int>) throws {
        if range.contains(value) { return }
        throw UsageError("\(option) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
}

/// One image, decoded and cut.
struct ImageTiles {
    let path: String
    let width, height: Int
    let mode: ImageMode
    let layout: TileLayout
    let tiles: [RGBTile]

    init(path: String, tiler: Tiler, limits: ImageLimits) throws {
        let bytes = try ImageFile.read(path, limits: limits)
        do throws(ImageError) {
            mode = try ImageHeader.read(bytes, limits: limits).mode
            let image = try tiler.decode(bytes, limits: limits)
            self.path = path
            (width, height) = (image.width, image.height)
            layout = tiler.layout(width: width, height: height)
            tiles = tiler.tiles(of: image)
        } catch {
            throw ImageFileError(file: path, error)
        }
    }
}
