import Foundation
import TestSupport

/// The executable that was built beside the tests, run as another program would.
enum FlotillaProgram {
    struct Outcome {
        let status: Int32
        let wasSignalled: Bool
        let output: String
        let errors: String
    }

    static var executable: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("flotilla")
    }

    /// A rank that gets no turn for seconds on a busy machine is none that is lost, where no host is cut off and no rank is
    /// stopped.
    private static let patience = ["FLOTILLA_START_LIMITS": "silence=120"]

    /// Starts it; output and errors go to files in `directory`, so that neither can fill a pipe.
    ///
    /// - Parameters:
    ///   - place: the program's working directory.
    ///   - script: what a shell does instead; `exec "$0" "$@"` in it is the program with its arguments.
    static func start(
        _ arguments: [String],
        of program: URL = executable,
        in directory: URL,
        environment: [String: String] = [:],
        from place: URL? = nil,
        script: String? = nil
    ) throws -> Running {
        let name = UUID().uuidString
        let output = directory.appendingPathComponent("\(name).out")
        let errors = directory.appendingPathComponent("\(name).err")
        let isOverHosts = program != executable || environment["FLOTILLA_NETLAB"] != nil
        let process = try ChildProcess(
            script == nil ? program.path : "/bin/sh",
            (script.map { ["-c", $0, program.path] } ?? []) + arguments,
            environment: (isOverHosts ? [:] : patience).merging(environment) { $1 },
            in: place,
            output: .file(output),
            errors: .file(errors)
        )
        return Running(process: process, output: output, errors: errors)
    }

    /// Runs it to its end.
    static func run(
        _ arguments: [String],
        in directory: URL,
        environment: [String: String] = [:],
        from place: URL? = nil,
        script: String? = nil
    ) throws -> Outcome {
        try start(arguments, in: directory, environment: environment, from: place, script: script).wait()
    }

    struct Running {
        let process: ChildProcess
        let output: URL
        let errors: URL

        var outputSize: Int { (try? Data(contentsOf: output).count) ?? 0 }

        /// Waits until something was printed.
        func waitForOutput() -> Bool {
            Poll.until { outputSize > 0 || !process.isRunning } && outputSize > 0
        }

        func wait() -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                wasSignalled: process.wasSignalled,
                output: (try? String(contentsOf: output, encoding: .utf8)) ?? "",
                errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            )
        }
    }
}

/// The rank processes of one group, found by a word in their command line.
enum RankProcesses {
    /// World rank → pid, of the ranks that run the model in `directory`.
    static func of(model: URL) -> [Int: Int32] {
        var ranks: [Int: Int32] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int32(name), let line = words("/proc/\(name)/cmdline"),
                line.count > 1, line[1] == "rank", line.contains(model.path)
            else { continue }
            let environment = words("/proc/\(name)/environ") ?? []
            let rank = environment.first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }
            if let number = rank?.split(separator: "=").last.flatMap({ Int($0) }) { ranks[number] = pid }
        }
        return ranks
    }

    /// Words of a file in which each ends with a zero byte.
    private static func words(_ path: String) -> [String]? {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else { return nil }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
