/// Elements by when they were last used.
struct RecencyList<Element: Hashable> {
    private var stamps: [Element: Int] = [:]
    /// Every use, oldest first; those that a later one has overtaken are passed over.
    private var uses: [(element: Element, stamp: Int)] = []
    private var first = 0
    private var clock = 0

    var count: Int { stamps.count }
    /// In no order.
    var elements: Dictionary<Element, Int>.Keys { stamps.keys }

    func contains(_ element: Element) -> Bool { stamps[element] != nil }

    /// The element is there, and used just now.
    mutating func use(_ element: Element) {
        clock += 1
        stamps[element] = clock
        uses.append((element, clock))
        compact()
    }

    @discardableResult
    mutating func remove(_ element: Element) -> Bool { stamps.removeValue(forKey: element) != nil }

    /// Takes the least recently used out, but for some; `nil` where nothing else is left.
    mutating func removeOldest(except isKept: (Element) -> Bool) -> Element? {
        var kept: [Element] = []
        // They are in use at the moment.
        defer { for element in kept { use(element) } }
        while first < uses.count {
            let (element, stamp) = uses[first]
            first += 1
            guard stamps[element] == stamp else { continue }
            guard !isKept(element) else {
                kept.append(element)
                continue
            }
            stamps[element] = nil
            return element
        }
        return nil
    }

    private mutating func compact() {
        guard uses.count > 2 * stamps.count + 64 else { return }
        uses = uses[first...].filter { stamps[$0.element] == $0.stamp }
        first = 0
    }
}
