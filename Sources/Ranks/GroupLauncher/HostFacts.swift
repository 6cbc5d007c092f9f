internal import Foundation

/// What a host has, as far as placing ranks depends on it: processors, their cores and NUMA nodes, memory.
package struct HostFacts: Sendable, Equatable {
    /// Processors that share a memory of their own.
    package struct Node: Sendable, Equatable {
        /// As the kernel numbers it.
        package var number: Int
        /// The processors that may be used, by the kernel's numbers.
        package var processors: [Int]
        /// Of these processors; two threads of one core count once.
        package var cores: Int
        /// For processors that are another thread of a core, the first thread of that core.
        var firstThreads: [Int: Int] = [:]
    }

    /// At least one, each with a processor.
    package var nodes: [Node]
    /// Bytes that new processes can have without swapping; `nil` where the kernel does not say.
    package var availableBytes: Int?

    package var processors: [Int] { nodes.flatMap(\.processors) }
    package var cores: Int { nodes.reduce(0) { $0 + $1.cores } }

    package init(nodes: [Node], availableBytes: Int? = nil) {
        self.nodes = nodes
        self.availableBytes = availableBytes
    }

    /// The files that say it; `grep` with them prints each line behind its file's path.
    static let files = [
        "/proc/self/status", "/proc/meminfo", "/sys/devices/system/node/node*/cpulist",
        "/sys/devices/system/node/node*/meminfo", "/sys/devices/system/cpu/cpu*/topology/thread_siblings_list",
    ]
    /// What any shell runs to say it; nothing in it needs quotes.
    static let command = "grep -sH . " + files.joined(separator: " ")
    /// Bytes of an answer at most: about ten thousand processors.
    static let byteLimit = 1 << 20

    /// What ``command`` printed on a host; `nil` if that does not name its processors.
    package init?(parsing text: String) {
        var allowed: [Int]?
        var lists: [Int: [Int]] = [:]
        var hasMemory: [Int: Bool] = [:]
        var siblings: [Int: [Int]] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let path = line[..<colon]
            let content = line[line.index(after: colon)...]
            if path.hasSuffix("/status"), content.hasPrefix("Cpus_allowed_list:") {
                allowed = Self.numbers(content.dropFirst("Cpus_allowed_list:".count))
            } else if path.hasSuffix("/proc/meminfo"), content.hasPrefix("MemAvailable:") {
                availableBytes = Self.kibibytes(content).map { $0 * 1024 }
            } else if let node = Self.index(of: "node", in: path) {
                if path.hasSuffix("/cpulist") { lists[node] = Self.numbers(content) }
                if path.hasSuffix("/meminfo"), content.contains("MemTotal:") {
                    hasMemory[node] = Self.kibibytes(content).map { $0 > 0 }
                }
            } else if let processor = Self.index(of: "cpu", in: path) {
                siblings[processor] = Self.numbers(content)
            }
        }
        guard let allowed, !allowed.isEmpty else { return nil }
        nodes = Self.nodes(allowed, lists, hasMemory, siblings)
    }

    /// The processors of each node that has memory; those of the others go to the first.
    private static func nodes(
        _ allowed: [Int],
        _ lists: [Int: [Int]],
        _ hasMemory: [Int: Bool],
        _ siblings: [Int: [Int]]
    ) -> [Node] {
        var left = Set(allowed)
        var parts: [(number: Int, processors: [Int])] = []
        for number in lists.keys.sorted() where hasMemory[number] != false {
            let mine = Set(lists[number] ?? []).intersection(left)
            left.subtract(mine)
            if !mine.isEmpty { parts.append((number, mine.sorted())) }
        }
        if parts.isEmpty {
            parts = [(0, allowed.sorted())]
        } else {
            parts[0].processors = (parts[0].processors + left).sorted()
        }
        return parts.map { part in
            let firsts = part.processors.map { (processor: $0, first: siblings[$0]?.min() ?? $0) }
            var node = Node(number: part.number, processors: part.processors, cores: Set(firsts.map(\.first)).count)
            for (processor, first) in firsts where processor != first { node.firstThreads[processor] = first }
            return node
        }
    }

    /// The facts of this host; `root` is where its files are.
    package static func ofThisHost(root: String = "") -> HostFacts? {
        var text = ""
        for pattern in files {
            var found = glob_t()
            defer { globfree(&found) }
            guard glob(root + pattern, 0, nil, &found) == 0 else { continue }
            for index in 0..<Int(found.gl_pathc) {
                guard let name = found.gl_pathv[index] else { continue }
                let path = String(cString: name)
                let content = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
                for line in content.split(separator: "\n") { text += "\(path):\(line)\n" }
            }
        }
        return HostFacts(parsing: text)
    }

    /// The number in a path's part such as `node3`.
    private static func index(of kind: String, in path: Substring) -> Int? {
        for part in path.split(separator: "/") where part.hasPrefix(kind) {
            if let number = Int(part.dropFirst(kind.count)) { return number }
        }
        return nil
    }

    /// Of a line such as `MemAvailable:  24 kB`.
    private static func kibibytes(_ line: Substring) -> Int? {
        let words = line.split(separator: " ")
        return words.count >= 2 && words.last == "kB" ? Int(words[words.count - 2]) : nil
    }

    /// The numbers of a list of the kernel's, such as `0-3,8`; none of them beyond what a kernel can have.
    private static func numbers(_ list: Substring) -> [Int] {
        let limit = 1 << 16
        var numbers: [Int] = []
        for part in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, ends.count <= 2, 0 <= first, first <= last, last < limit
            else { continue }
            numbers += first...last
            if numbers.count > limit { return [] }
        }
        return numbers
    }
}
