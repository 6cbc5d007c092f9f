import Diagnostics
import Foundation
import WireProtocol

/// What `flotilla top` prints: a server's statistics as tables.
struct TopTable {
    private let stats: StatsReport
    /// The look before, and how long ago it was: shares of time are of the time between.
    private let before: StatsReport?
    private let seconds: Double
    /// Whether names that a server tells must be harmless to a terminal.
    private let isTerminal: Bool

    init(_ stats: StatsReport, before: StatsReport?, seconds: Double, isTerminal: Bool) {
        self.isTerminal = isTerminal
        self.stats = stats
        self.before = before
        self.seconds = seconds
    }

    /// A name that the server told.
    private func shown(_ name: String) -> String { isTerminal ? TerminalText.harmlessLine(name) : name }

    var text: String { header + groups + requests + latency + cache + ranks }

    private var header: String {
        let group = stats.group
        let lost = group.restarts == 0 ? "" : ", ranks lost \(group.restarts) times"
        let asked = group.decoder < group.askedDecoder ? " of \(group.askedDecoder)" : ""
        return """
            flotilla \(shown(stats.version))  \(shown(stats.model))  \(shown(stats.state))  up \(Self.duration(stats.uptimeS))
            \(group.decoder)\(asked) decoder + \(group.vision) vision ranks, ready for \(Self.duration(group.sinceS))\(lost)\(missing)
            connections \(stats.connections.open) open, \(stats.connections.total) in all


            """
    }

    /// A line of the hosts that groups do without, if there are any.
    private var missing: String {
        let names = Set((stats.groups ?? []).flatMap { $0.missingHosts ?? [] }).sorted()
        return names.isEmpty ? "" : "\nmissing hosts: " + names.map(shown).joined(separator: ", ")
    }

    /// A line for each group, where there are several.
    private var groups: String {
        guard let groups = stats.groups, groups.count > 1 else { return "" }
        let lines = groups.map { group in
            let asked = group.decoder < group.askedDecoder ? " of \(group.askedDecoder)" : ""
            let lost = group.restarts == 0 ? "" : ", lost \(group.restarts) times"
            return "group \(group.group)     \(shown(group.state)), \(group.decoder)\(asked) decoder ranks\(lost); "
                + "running \(group.running), \(group.handed) handed, \(group.resumed) taken over, "
                + "\(group.generatedTokens) tokens, \(group.usedPages) of \(group.pages) pages used"
        }
        return lines.joined(separator: "\n") + "\n\n"
    }

    private var requests: String {
        let r = stats.requests
        let ended = r.ended.sorted { $0.key < $1.key }.map { "\(shown($0.key)) \($0.value)" }.joined(separator: "  ")
        let errors = r.errors.sorted { $0.key < $1.key }.map { "\(shown($0.key)) \($0.value)" }.joined(separator: "  ")
        return """
            requests    running \(r.running)  waiting \(r.waiting)  accepted \(r.accepted)  replayed \(r.replayed)  preempted \(r.preempted)
            ended       \(ended.isEmpty ? "–" : ended)
            errors      \(errors.isEmpty ? "–" : errors)
            tokens/s    generated \(Self.number(stats.rates.answerPerS))  prompts \(Self.number(stats.rates.promptPerS))


            """
    }

    private var latency: String {
        let rows = [
            ("first token", stats.latency.ttftMs), ("between tokens", stats.latency.itlMs),
            ("whole request", stats.latency.e2eMs), ("in line", stats.latency.queueMs),
        ]
        let lines = rows.map { name, q in
            Self.left(name, 16) + [q.p50, q.p95, q.p99].map { Self.right(Self.number($0), 10) }.joined()
                + Self.right(String(q.count), 10)
        }
        let titles = ["p50", "p95", "p99", "count"].map { Self.right($0, 10) }.joined()
        return Self.left("milliseconds", 16) + titles + "\n" + lines.joined(separator: "\n") + "\n\n"
    }

    private var cache: String {
        let c = stats.cache
        let share = c.pages > 0 ? 100 * Double(c.used) / Double(c.pages) : 0
        let percent = Self.number(100 * c.hitRate)
        return """
            KV cache    \(c.used) of \(c.pages) pages used (\(Self.number(share)) %), \(c.cached) kept for prefixes; \(percent) % of prompt tokens found
            pictures    \(Self.bytes(c.imagesBytes)) of visual tokens; \(c.imageHits) found, \(c.imageMisses) encoded
            \(disk)

            """
    }

    /// A line of the pages on disk, where there may be any.
    private var disk: String {
        guard let disk = stats.cache.disk else { return "" }
        let off = (disk.reading ? "" : ", not read") + (disk.writing ? "" : ", not written")
        let size = Self.bytes(disk.bytes)
        return "disk        \(disk.pages) of \(disk.capacity) pages (\(size))\(off); \(disk.read) came back, "
            + "\(disk.written) written, \(disk.refused) refused\n"
    }

    private var ranks: String {
        let titles = ["compute", "all-red.", "wait", "sent", "memory", "steps", "tiles", "silent"]
        var lines = [
            Self.left("rank", 6) + Self.left("role", 9) + Self.left("host", 16) + Self.right("pid", 8)
                + titles.map { Self.right($0, 10) }.joined()
        ]
        for rank in stats.ranks { lines.append(line(rank)) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(_ rank: StatsReport.Rank) -> String {
        let old = before?.ranks.first { $0.pid == rank.pid && $0.rank == rank.rank }
        let span = old == nil ? rank.computeMs + rank.communicationMs + rank.waitMs : seconds * 1000
        func share(_ value: KeyPath<StatsReport.Rank, Double>) -> String {
            let part = rank[keyPath: value] - (old?[keyPath: value] ?? 0)
            return span > 0 ? Self.number(min(100, 100 * part / span)) + " %" : "–"
        }
        let columns = [
            share(\.computeMs), share(\.communicationMs), share(\.waitMs), Self.bytes(rank.sentBytes),
            Self.bytes(rank.residentBytes), String(rank.steps), String(rank.tiles),
            Self.number(rank.silenceMs / 1000) + " s",
        ]
        return Self.left(rank.group.map { "\($0).\(rank.rank)" } ?? "\(rank.rank)", 6) + Self.left(shown(rank.role), 9)
            + Self.left(String(shown(rank.host).prefix(15)), 16)
            + Self.right(String(rank.pid), 8) + columns.map { Self.right($0, 10) }.joined()
    }

    // MARK: - Figures

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }

    private static func number(_ value: Double) -> String { String(format: value < 100 ? "%.1f" : "%.0f", value) }

    private static func bytes(_ count: Int) -> String {
        switch count {
        case (1 << 30)...: String(format: "%.2f GiB", Double(count) / 1_073_741_824)
        case (1 << 20)...: String(format: "%.1f MiB", Double(count) / 1_048_576)
        default: "\(count >> 10) KiB"
        }
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds)
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0 ? "\(hours) h \(minutes) min" : minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
    }
}
