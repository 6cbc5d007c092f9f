import ArgumentParser
import DemoModel
import Diagnostics
import Foundation

/// The option `--model`, which most commands have.
struct ModelOption: ParsableArguments {
    @Option(help: "The checkpoint's directory, or \"\(DemoModel.name)\" for the tiny model that is shipped.")
    var model: String

    /// The checkpoint's directory.
    func directory() throws -> URL { try ModelDirectory.find(model) }
}

/// The option `--model` of a command that can do without.
struct OptionalModelOption: ParsableArguments {
    @Option(help: "The checkpoint's directory, or \"\(DemoModel.name)\" for the tiny model that is shipped.")
    var model: String?

    /// The checkpoint's directory; `nil` when none was given.
    func optionalDirectory() throws -> URL? { try model.map { try ModelDirectory.find($0) } }
}

/// Where a model is that the command line names.
enum ModelDirectory {
    static func find(_ model: String) throws -> URL {
        if [DemoModel.name, DemoModel.draftName].contains(model) {
            guard let directory = model == DemoModel.name ? DemoModel.directory : DemoModel.draftDirectory else {
                throw UsageError(
                    "the model \"\(model)\" is not installed beside the executable",
                    hint: "set FLOTILLA_RESOURCES to the directory that holds its resources"
                )
            }
            return directory
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: model, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw ModelNotFound(path: model, isFile: FileManager.default.fileExists(atPath: model))
        }
        return URL(fileURLWithPath: model, isDirectory: true).standardizedFileURL
    }
}

/// The value of `--model` is not a directory.
private struct ModelNotFound: OperatorError {
    let path: String
    let isFile: Bool

    var description: String {
        "the model \"\(path)\" is not there: expected a checkpoint's directory, found \(isFile ? "a file" : "nothing")"
    }
    var hint: String? { "--model takes the directory that holds config.json" }
    var exitCode: Diagnostics.ExitCode { .checkpoint }
}
