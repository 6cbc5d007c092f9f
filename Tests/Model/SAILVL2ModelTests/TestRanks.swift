import Foundation
import TestSupport

/// Ranks of `ParallelTestRank` under mpirun.
enum TestRanks {
    static let program: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("ParallelTestRank").path
    }()

    /// Starts them; what they print goes to the file.
    static func start(
        _ ranks: Int,
        _ arguments: [String],
        output: URL,
        environment: [String: String] = [:],
        mpirun: [String] = ["--oversubscribe", "--mca", "plm", "isolated"]
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["timeout", "500", "mpirun", "-np", "\(ranks)", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
            + mpirun + [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        _ = FileManager.default.createFile(atPath: output.path, contents: nil)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        return process
    }

    /// Runs them to their end, which `timeout` sees to, and returns what they printed.
    static func run(
        _ ranks: Int,
        _ arguments: [String],
        environment: [String: String] = [:],
        mpirun: [String] = ["--oversubscribe", "--mca", "plm", "isolated"]
    ) throws -> String {
        try Fixtures.withTemporaryDirectory { directory in
            let output = directory.appendingPathComponent("output")
            let process = try start(ranks, arguments, output: output, environment: environment, mpirun: mpirun)
            process.waitUntilExit()
            let text = try String(contentsOf: output, encoding: .utf8)
            return process.terminationStatus == 0 ? text : "exit \(process.terminationStatus): \(text)"
        }
    }
}
