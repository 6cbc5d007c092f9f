/// What the lines of `mpirun` (Open MPI 4.1) say about how a group ended.
struct MpirunDiagnosis: Equatable {
    /// A rank and how it ended.
    struct Ended: Equatable {
        var rank: Int
        var end: ProcessEnd
    }

    /// The first rank that ended badly, where one is named.
    let firstEnded: Ended?
    /// The host, as the hostfile names it, whose daemon `mpirun` has lost.
    let lostHost: String?
    /// Two hosts of which one could not connect to the other, and why.
    let unconnected: String?
    /// The one sentence worth showing to a person, without a full stop; `nil` if there is none.
    let sentence: String?

    init(lines: [String]) {
        let lines = lines.flatMap(Self.parted)
        firstEnded = lines.lazy.compactMap(Self.ended).first ?? Self.exited(lines)
        lostHost =
            lines.lazy.compactMap { line in
                line.firstMatch(of: /Remote daemon: \[\[\d+,\d+\],\d+\] on node (\S+)/).map { String($0.1) }
            }.first
        unconnected = RefusedConnection.sentence(in: lines)
        sentence = Self.sentence(lines)
    }

    /// The rank that a signal ended, where the line names one.
    ///
    /// `mpirun noticed that process rank 1 with PID 0 on node vm exited on signal 9 (Killed).`
    private static func ended(_ line: String) -> Ended? {
        guard let match = line.firstMatch(of: /process rank (\d+) with PID \d+ on node \S+ exited on signal (\d+)/),
            let rank = Int(match.1), let signal = Int32(match.2)
        else { return nil }
        return Ended(rank: rank, end: .signalled(signal))
    }

    /// The rank that aborted, or else exited with a status other than 0.
    private static func exited(_ lines: [String]) -> Ended? {
        let text = lines.joined(separator: "\n")
        let patterns = [
            /MPI_ABORT was invoked on rank (\d+) in communicator MPI_COMM_WORLD\s+with errorcode (\d+)/,
            /Process name: \[\[\d+,\d+\],(\d+)\]\s+Exit code:\s+(\d+)/,
        ]
        for pattern in patterns {
            guard let match = text.firstMatch(of: pattern), let rank = Int(match.1), let status = Int32(match.2) else {
                continue
            }
            return Ended(rank: rank, end: .exited(status))
        }
        return nil
    }

    /// Lines outside of Open MPI's banners, or else the first paragraph of the first banner that says why.
    private static func sentence(_ lines: [String]) -> String? {
        var loose: [String] = []
        var banners: [[String]] = []
        for (index, block) in lines.split(omittingEmptySubsequences: false, whereSeparator: isRule).enumerated() {
            if index.isMultiple(of: 2) { loose += block.filter(isTelling) } else { banners.append(Array(block)) }
        }
        if !loose.isEmpty { return shortened(loose.suffix(2).joined(separator: "; ")) }
        let paragraphs = banners.map(firstParagraph).filter { !$0.isEmpty }
        let telling = paragraphs.first { !$0.hasPrefix("Primary job") && !$0.hasPrefix("mpirun noticed") }
        return (telling ?? paragraphs.first).map(shortened)
    }

    /// What a rank writes may stand on one line with a banner's rule: both go through one pipe, a piece at a time.
    private static func parted(_ line: String) -> [String] {
        guard let rule = line.firstMatch(of: /-{40,}/) else { return [line] }
        let (before, after) = (line[..<rule.range.lowerBound], line[rule.range.upperBound...])
        let rest = after.isEmpty ? [] : parted(String(after))
        return (before.isEmpty ? [] : [String(before)]) + [String(rule.0)] + rest
    }

    private static func isRule(_ line: String) -> Bool { line.count > 20 && line.allSatisfy { $0 == "-" } }

    /// Neither empty nor one of the messages about its own innards, `[host:4711] …` and `mpirun: Forwarding signal 18 to job`.
    private static func isTelling(_ line: String) -> Bool {
        !line.allSatisfy(\.isWhitespace)
            && line.prefixMatch(of: /\[[^\]]+:\d+\]|mpirun: Forwarding signal \d+ to job/) == nil
    }

    /// The first paragraph as one line; where it ends in a colon, with the one after it.
    private static func firstParagraph(_ lines: [String]) -> String {
        let paragraphs = lines.split { $0.allSatisfy(\.isWhitespace) }.map { paragraph in
            paragraph.flatMap { $0.split(whereSeparator: \.isWhitespace) }.joined(separator: " ")
        }
        guard let first = paragraphs.first else { return "" }
        return first.hasSuffix(":") && paragraphs.count > 1 ? "\(first) \(paragraphs[1])" : first
    }

    private static func shortened(_ text: String) -> String {
        let text = text.hasSuffix(".") ? String(text.dropLast()) : text
        return text.count > 400 ? text.prefix(400) + "…" : text
    }
}
