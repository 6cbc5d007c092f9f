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

    /// The directory of sample pictures.
    package static var samples: URL? { resource("samples") }

    /// Looks beside the executable, where SwiftPM puts the bundle; `Bundle.module` would trap when it is missing.
    private static func resource(_ name: String) -> URL? {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let candidates = [
            ProcessInfo.processInfo.environment["FLOTILLA_RESOURCES"].map { URL(fileURLWithPath: $0) },
            executable.deletingLastPathComponent().appendingPathComponent("flotilla_DemoModel.resources"),
        ]
        return candidates.compactMap { $0?.appendingPathComponent(name) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
