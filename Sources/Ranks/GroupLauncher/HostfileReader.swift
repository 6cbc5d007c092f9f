import Diagnostics
import GroupLink

/// Reads the lines of a hostfile; every fault is one sentence with the number of the line.
struct HostfileReader {
    /// Of the file, for errors.
    let name: String

    static let hint = "one host a line: node1 slots=2"
    /// Hosts of a file, and slots of a host, at most: more ranks than that cannot be asked for.
    static let limit = 4096
    private static let slotKeys: Set = ["slots", "cpu", "count"]
    private static let maximumKeys: Set = ["max_slots", "max-slots", "slots_max", "slots-max"]
    private static let userKeys: Set = ["username", "user_name", "user-name", "user"]

    func read(_ text: String) throws(UsageError) -> [Hostfile.Host] {
        var hosts: [Hostfile.Host] = []
        var places: [String: Int] = [:]
        for (index, line) in Self.lines(of: text).enumerated() {
            for host in try read(line: line, number: index + 1) {
                // What Open MPI takes for one host, whatever its name.
                let key = host.isThisHost ? "localhost" : host.name
                guard let place = places[key] else {
                    places[key] = hosts.count
                    hosts.append(host)
                    guard hosts.count <= Self.limit else {
                        throw UsageError("\(name), line \(index + 1): more than \(Self.limit) hosts", hint: Self.hint)
                    }
                    continue
                }
                try add(host, to: &hosts[place], isRepeated: index + 1)
            }
        }
        return hosts.map { host in
            var host = host
            host.slots = host.slots.map(abs)
            return host
        }
    }

    /// A host that is named again: slots that are only counted are kept as negative numbers until the end.
    private func add(_ again: Hostfile.Host, to host: inout Hostfile.Host, isRepeated line: Int) throws(UsageError) {
        guard again.slots == nil, host.slots ?? -1 < 0 else {
            throw UsageError(
                "\(name), line \(line): \(again.name) has stood on line \(host.line) already, and two numbers of slots "
                    + "for one host contradict each other",
                hint: "write the host once, with the slots of both lines"
            )
        }
        guard again.user == host.user else {
            throw UsageError(
                "\(name), line \(line): \(again.name) has another user than on line \(host.line)",
                hint: "write the host once"
            )
        }
        host.slots = (host.slots ?? -1) - 1
    }

    /// Lines without a byte order mark, carriage returns and comments, which may be `#`, `//` and `/* … */`.
    private static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        var isComment = false
        var isBlock = false
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars.drop(while: { $0 == "\u{FEFF}" }) {
            defer { previous = scalar }
            if scalar == "\n" {
                lines.append(line)
                (line, isComment) = ("", false)
            } else if isBlock {
                if previous == "*", scalar == "/" {
                    isBlock = false
                    line.append(" ")
                }
            } else if !isComment {
                if scalar == "#" {
                    isComment = true
                } else if previous == "/", scalar == "/" || scalar == "*" {
                    line.removeLast()
                    if scalar == "/" { isComment = true } else { isBlock = true }
                } else {
                    line.unicodeScalars.append(scalar == "\r" ? " " : scalar)
                }
            }
        }
        return lines + [line]
    }

    private func read(line: String, number: Int) throws(UsageError) -> [Hostfile.Host] {
        let words = line.replacing(/\s*=\s*/, with: "=").split(whereSeparator: \.isWhitespace)
        guard let first = words.first else { return [] }
        let place = "\(name), line \(number)"
        var user: String?
        var address = first
        if let at = first.lastIndex(of: "@") {
            user = try Self.checked(user: first[..<at], place)
            address = first[first.index(after: at)...]
        }
        let (target, count) = Self.split(address)
        var slots = try count.map { text throws(UsageError) in try Self.number(text, "slots", place) }
        var most: Int?
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard parts.count == 2 else {
                throw UsageError("\(place): \"\(word.prefix(80))\" is not a key=value", hint: Self.hint)
            }
            if Self.userKeys.contains(key) {
                user = try Self.checked(user: parts[1], place)
            } else if Self.maximumKeys.contains(key) {
                most = try Self.number(parts[1], key, place)
            } else if Self.slotKeys.contains(key) {
                guard slots == nil else {
                    throw UsageError("\(place): \(target) has two numbers of slots", hint: Self.hint)
                }
                slots = try Self.number(parts[1], key, place)
            } else {
                throw UsageError(
                    "\(place): \"\(key.prefix(80))\" is not a key of a hostfile",
                    hint: "the keys are slots, max_slots and username"
                )
            }
        }
        if let slots, let most, most < slots {
            throw UsageError("\(place): max_slots is \(most), less than the \(slots) slots", hint: Self.hint)
        }
        let names: [String]
        do throws(HostRange.Fault) {
            names = target.contains(":") ? [target] : try HostRange.expand(target, limit: Self.limit)
        } catch {
            throw UsageError("\(place): \(error.description)", hint: "a range is node[1-3] or node[01-03,7]")
        }
        return try names.map { name throws(UsageError) in
            guard HostName.isValid(name) else {
                throw UsageError("\(place): \"\(name.prefix(80))\" is not the name of a host", hint: Self.hint)
            }
            var host = Hostfile.Host(name: name, user: user, slots: slots ?? most)
            host.line = number
            return host
        }
    }

    /// The name without the brackets of IPv6, and what stands behind its colon.
    private static func split(_ word: Substring) -> (name: String, count: Substring?) {
        if word.hasPrefix("["), let end = word.firstIndex(of: "]") {
            let rest = word[word.index(after: end)...]
            let name = String(word[word.index(after: word.startIndex)..<end])
            if rest.isEmpty { return (name, nil) }
            // Anything else behind the bracket makes no name.
            return rest.hasPrefix(":") ? (name, rest.dropFirst()) : (String(word), nil)
        }
        // Two colons make an address of IPv6.
        guard let colon = word.firstIndex(of: ":"), word.lastIndex(of: ":") == colon else { return (String(word), nil) }
        return (String(word[..<colon]), word[word.index(after: colon)...])
    }

    private static func number(_ text: Substring, _ key: String, _ place: String) throws(UsageError) -> Int {
        let isNumber = !text.isEmpty && text.utf8.count <= 9 && text.utf8.allSatisfy { (48...57).contains($0) }
        guard isNumber, let value = Int(text), (1...limit).contains(value) else {
            throw UsageError(
                "\(place): \(key) is \"\(text.prefix(40))\", expected 1 to \(limit)",
                hint: "a host that is not to be used has no line, or one behind #"
            )
        }
        return value
    }

    private static func checked(user: Substring, _ place: String) throws(UsageError) -> String {
        guard HostName.isValidUser(user) else {
            throw UsageError("\(place): \"\(user.prefix(80))\" is not the name of a user", hint: "user@host slots=2")
        }
        return String(user)
    }
}
