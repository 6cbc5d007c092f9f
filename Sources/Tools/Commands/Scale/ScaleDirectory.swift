import Checkpoints
import Diagnostics
import Foundation
import Scaling

/// Where reports go, and what has been measured already comes from.
struct ScaleDirectory {
    /// `nil` keeps nothing.
    let url: URL?

    init(_ path: String?) throws {
        url = path.map { URL(fileURLWithPath: $0, isDirectory: true) }
        guard let url else { return }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw UsageError("--out \(url.path) cannot be made: \(error.localizedDescription)")
        }
    }

    private func file(_ name: String) -> URL? { url?.appendingPathComponent(name) }

    /// What was measured before in the same setting.
    ///
    /// - Throws: `UsageError` if it was another one, or the file cannot be read.
    func record(_ new: ScaleRecord) throws -> ScaleRecord {
        guard let file = file("scale.json"), FileManager.default.fileExists(atPath: file.path) else { return new }
        let hint = "give another --out, or remove the file"
        guard let data = try? Data(contentsOf: file), var old = try? ScaleRecord(json: data) else {
            throw UsageError("\(file.path) is no record of measurements", hint: hint)
        }
        guard old.setting == new.setting else {
            throw UsageError("\(file.path) has measurements of another \(Self.difference(old, new))", hint: hint)
        }
        if !new.note.isEmpty { old.note = new.note }
        return old
    }

    private static func difference(_ old: ScaleRecord, _ new: ScaleRecord) -> String {
        let (old, new) = (old.setting, new.setting)
        if old.model != new.model || old.fingerprint != new.fingerprint { return "model, \(old.model)" }
        if old.format != new.format { return "format, \(old.format)" }
        if old.hosts != new.hosts { return "list of hosts, \(old.hosts.joined(separator: ", "))" }
        if old.threads != new.threads { return "number of threads" }
        if old.inTurns != new.inTurns { return "kind, with and without --turns" }
        if old.rounds != new.rounds { return "number of rounds, \(old.rounds)" }
        if old.processor != new.processor { return "processor, \(old.processor)" }
        return "build, \(old.version)"
    }

    /// Writes all three, each as a whole.
    func write(markdown: String, json: Data, svg: String, name: String = "scale") throws {
        for (kind, data) in [("json", json), ("md", Data(markdown.utf8)), ("svg", Data(svg.utf8))] {
            guard let file = file("\(name).\(kind)") else { return }
            do {
                try data.write(to: file, options: .atomic)
            } catch {
                throw UsageError("\(file.path) cannot be written: \(error.localizedDescription)")
            }
        }
    }
}
