extension HostFacts {
    /// What one of several groups has of a host: its share of the processors, of which no other has any, and of the memory.
    ///
    /// Threads of one core stay together. Where there are fewer cores than groups, some have the same one.
    ///
    /// - Parameter share: of all the shares of the host, as a part of `whole`.
    package func part(_ share: Range<Int>, of whole: Int) -> HostFacts {
        precondition(!share.isEmpty && share.upperBound <= whole, "\(share) of \(whole)")
        let units = nodes.indices.flatMap { node in nodes[node].byCore.map { (node: node, processors: $0) } }
        let first = min(units.count * share.lowerBound / whole, units.count - 1)
        let end = max(first + 1, units.count * share.upperBound / whole)
        var part = HostFacts(nodes: [], availableBytes: availableBytes.map { $0 / whole * share.count })
        for index in nodes.indices {
            let mine = units[first..<end].filter { $0.node == index }
            guard !mine.isEmpty else { continue }
            var node = Node(
                number: nodes[index].number,
                processors: mine.flatMap(\.processors).sorted(),
                cores: mine.count
            )
            let threads = Set(node.processors)
            node.firstThreads = nodes[index].firstThreads.filter { threads.contains($0.key) }
            part.nodes.append(node)
        }
        return part
    }
}

extension HostFacts.Node {
    /// The processors of each core.
    fileprivate var byCore: [[Int]] {
        Dictionary(grouping: processors) { firstThreads[$0] ?? $0 }.sorted { $0.key < $1.key }.map(\.value)
    }
}
