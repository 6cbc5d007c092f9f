import Foundation

/// Finds programs as a shell does.
package enum ProgramSearch {
    /// The path of the executable `name` in the directories of `PATH`; a `name` with a slash is its own path.
    package static func find(_ name: String, in environment: [String: String]) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        let directories = (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}

extension ProgramSearch {
    /// What a program prints that ends with 0 within some seconds.
    package static func output(of path: String, _ arguments: [String], _ environment: [String: String]) -> String? {
        let found = ProgramOutput.run(path, arguments, environment, within: .seconds(5))
        return found?.status == 0 ? found?.output : nil
    }
}
