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

    /// Starts it; output and errors go to files in `directory`, so that neither can fill a pipe.
    ///
    /// - Parameter script: what a shell does instead; `exec "$0" "$@"` in it is the program with its arguments.
    static func start(
        _ arguments: [String],
        of program: URL = executable,
        in directory: URL,
        environment: [String: String] = [:],
        script: String? = nil
    ) throws -> Running {
        let process = Process()
        process.executableURL = script == nil ? program : URL(fileURLWithPath: "/bin/sh")
        process.arguments = (script.map { ["-c", $0, program.path] } ?? []) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let name = UUID().uuidString
        let output = directory.appendingPathComponent("\(name).out")
        let errors = directory.appendingPathComponent("\(name).err")
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        return Running(process: process, output: output, errors: errors)
    }

    /// Runs it to its end, or kills it after `limit` seconds.
    static func run(
        _ arguments: [String],
        in directory: URL,
        environment: [String: String] = [:],
        script: String? = nil,
        limit: Double = 120
    ) throws -> Outcome {
        try start(arguments, in: directory, environment: environment, script: script).wait(limit: limit)
    }

    struct Running {
        let process: Process
        let output: URL
        let errors: URL

        var outputSize: Int { (try? Data(contentsOf: output).count) ?? 0 }

        /// Waits until something was printed.
        func waitForOutput(limit: Double = 60) -> Bool {
            Poll.until(limit: limit) { outputSize > 0 || !process.isRunning } && outputSize > 0
        }

        func wait(limit: Double) -> Outcome {
            if !Poll.until(limit: limit, { !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus,
                wasSignalled: process.terminationReason == .uncaughtSignal,
                output: (try? String(contentsOf: output, encoding: .utf8)) ?? "",
                errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
            )
        }
    }
}

enum Poll {
    /// Whether `condition` became true within `limit` seconds.
    static func until(limit: Double, _ condition: () -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: limit)
        while Date() < deadline {
            if condition() { return true }
            usleep(20_000)
        }
        return condition()
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
