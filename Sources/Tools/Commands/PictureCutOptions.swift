import ArgumentParser
import Diagnostics
import Requests

/// The options that say how pictures become tiles, besides how many.
struct PictureCutOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "default cuts a picture into one grid; msac into a second one besides, as published evaluations do.",
            valueName: "default|msac"
        )
    )
    var tiling: String?

    @Flag(help: "Make pictures RGB before they are resized and not after, as published evaluations do.")
    var rgbFirst = false

    @Flag(help: "Turn pictures as their EXIF says; the published processor does not.")
    var orient = false

    /// The tiling, if one was given.
    func tilingChoice() throws -> PictureCut.Tiling? {
        guard let tiling else { return nil }
        guard let choice = PictureCut.Tiling(rawValue: tiling) else {
            throw UsageError("--tiling is \(tiling), expected default or msac")
        }
        return choice
    }
}
