package import Foundation

/// The tiny SAIL-VL2 that the repository ships, and a handful of pictures to ask it about.
///
/// It was trained by `scripts/demo-model/train.py` on pictures that the script draws, and has the exact
/// published layout, so that everything that works with it works with the published checkpoints.
package enum DemoModel {
    /// The name that stands for the shipped checkpoint wherever a model directory is asked for.
    package static let name = "demo"

    /// The checkpoint's directory, or `nil` when the resources were not installed beside the executable.
    package static var directory: URL? { resource("demo") }

    /// The name that stands for the smaller checkpoint that drafts for it, and its directory.
    package static let draftName = "demo-draft"
    package static var draftDirectory: URL? { resource(draftName) }

    /// The directory of sample pictures.
    package static var samples: URL? { resource("samples") }

    /// The first place that has it; `Bundle.module` would trap where none has.
    private static func resource(_ name: String) -> URL? {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return places(executable: executable, environment: ProcessInfo.processInfo.environment)
            .map { $0.appendingPathComponent(name) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Where the resources may lie, in this order: where `FLOTILLA_RESOURCES` says, beside the executable, where SwiftPM
    /// puts them, and in the `share` beside the executable's `bin`, where a package does.
    static func places(executable: URL, environment: [String: String]) -> [URL] {
        let directory = executable.deletingLastPathComponent()
        let installed = directory.deletingLastPathComponent().appendingPathComponent("share/flotilla")
        let given = environment["FLOTILLA_RESOURCES"].map { URL(fileURLWithPath: $0) }
        return (given.map { [$0] } ?? []) + [
            directory.appendingPathComponent("flotilla_DemoModel.resources"), installed,
        ]
    }
}
