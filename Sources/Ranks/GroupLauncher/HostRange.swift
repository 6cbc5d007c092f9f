/// Names of hosts in the short form of Slurm: `node[1-3]`, `node[01-03,7]`, `rack[1-2]n[1-8]`.
enum HostRange {
    struct Fault: Error, Equatable { let description: String }

    /// The names in order.
    ///
    /// - Throws: ``Fault`` if brackets or numbers are wrong, or there are more than `limit` names.
    static func expand(_ text: some StringProtocol, limit: Int) throws(Fault) -> [String] {
        var names = [""]
        var rest = text[...]
        while let open = rest.firstIndex(of: "[") {
            let head = rest[..<open]
            guard let close = rest[open...].firstIndex(of: "]"), !head.contains("]") else {
                throw Fault(description: "\"\(text.prefix(80))\" has an open bracket")
            }
            let numbers = try numbers(in: rest[rest.index(after: open)..<close], of: text, limit: limit)
            guard names.count * numbers.count <= limit else {
                throw Fault(description: "\"\(text.prefix(80))\" means more than \(limit) hosts")
            }
            names = names.flatMap { name in numbers.map { name + head + $0 } }
            rest = rest[rest.index(after: close)...]
        }
        guard !rest.contains("]") else { throw Fault(description: "\"\(text.prefix(80))\" has a bracket too many") }
        return names.map { $0 + rest }
    }

    /// The entries of a list whose commas inside brackets do not count.
    static func entries(_ list: some StringProtocol) -> [String] {
        var entries: [String] = []
        var entry = ""
        var depth = 0
        for character in list {
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            if character == ",", depth == 0 {
                entries.append(entry)
                entry = ""
            } else {
                entry.append(character)
            }
        }
        return (entries + [entry]).filter { !$0.isEmpty }
    }

    /// The numbers of one bracket, with their leading zeros.
    private static func numbers(
        in list: some StringProtocol,
        of text: some StringProtocol,
        limit: Int
    ) throws(Fault) -> [String] {
        var numbers: [String] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let isNumber = ends.allSatisfy {
                (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) }
            }
            guard isNumber, let first = Int(ends[0]), let last = Int(ends[ends.count - 1]), first <= last else {
                throw Fault(description: "\"\(part.prefix(40))\" in \"\(text.prefix(80))\" is not a range of numbers")
            }
            guard last - first < limit - numbers.count else {
                throw Fault(description: "\"\(text.prefix(80))\" means more than \(limit) hosts")
            }
            let width = ends[0].utf8.count
            for number in first...last {
                let digits = String(number)
                numbers.append(String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits)
            }
        }
        return numbers
    }
}
