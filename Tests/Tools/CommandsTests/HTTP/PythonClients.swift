import Foundation
import TestSupport

/// A virtual environment with other people's clients, made once and kept outside the repository.
enum PythonClients {
    /// The interpreter, or `nil`, said aloud, where the packages cannot be had.
    static let python: String? = {
        let base = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let directory = "\(base)/flotilla-tests/python-clients-2"
        let python = "\(directory)/bin/python"
        let script = """
            set -e
            mkdir -p "$(dirname "\(directory)")"
            exec 9> "\(directory).lock"; flock 9
            [ -e "\(directory)/complete" ] && exit 0
            rm -rf "\(directory)"
            python3 -m venv "\(directory)"
            "\(directory)/bin/pip" install --quiet --disable-pip-version-check openai langchain-openai llm \
                jsonschema rfc3339-validator
            touch "\(directory)/complete"
            """
        let made = try? NetLab.run("/bin/sh", ["-c", script], lab: "none")
        if made?.status == 0 { return python }
        print(
            "SKIPPED: OpenAI's client, LangChain, llm and jsonschema were not tried: \(made?.errors.suffix(300) ?? "no shell")"
        )
        return nil
    }()

    /// Runs a program in Python against a server; what it printed.
    static func run(
        _ program: String,
        port: Int,
        in directory: URL,
        _ environment: [String: String] = [:]
    ) throws -> String {
        guard let python else { return "" }
        let file = directory.appendingPathComponent("\(UUID().uuidString).py")
        try program.write(to: file, atomically: true, encoding: .utf8)
        let output = file.appendingPathExtension("out")
        let errors = file.appendingPathExtension("err")
        let variables = [
            "OPENAI_BASE_URL": "http://127.0.0.1:\(port)/v1", "OPENAI_API_KEY": "none", "LLM_USER_PATH": directory.path,
            "NO_PROXY": "*", "no_proxy": "*",
            "PATH": "\(URL(fileURLWithPath: python).deletingLastPathComponent().path):/usr/bin:/bin",
        ]
        let process = try ChildProcess(
            python,
            [file.path],
            environment: variables.merging(environment) { $1 },
            in: directory,
            output: .file(output),
            errors: .file(errors)
        )
        process.waitUntilExit()
        let said = try String(contentsOf: output, encoding: .utf8)
        guard process.terminationStatus == 0 else {
            return said + "\nfailed: " + ((try? String(contentsOf: errors, encoding: .utf8)) ?? "")
        }
        return said
    }
}
