internal import HeapModule

/// A table that keeps what was used last: values weigh something, and the least recently used leave first.
///
/// A heap has the order of use. Each use adds an entry to it and leaves the old one, which is passed over when its turn
/// comes; the heap is made anew when it holds mostly such entries.
struct LeastRecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        var value: Value
        let weight: Int
        var use: Int
    }

    private struct Use: Comparable, Sendable {
        let number: Int
        let key: Key

        static func < (a: Use, b: Use) -> Bool { a.number < b.number }
        static func == (a: Use, b: Use) -> Bool { a.number == b.number }
    }

    /// What all values may weigh together.
    let limit: Int
    private(set) var weight = 0
    private var entries: [Key: Entry] = [:]
    private var uses = Heap<Use>()
    private var lastUse = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    /// A value, which counts as used; setting one of weight 1 lets others leave.
    subscript(key: Key) -> Value? {
        mutating get {
            guard entries[key] != nil else { return nil }
            touch(key)
            return entries[key]?.value
        }
        set {
            if let newValue { insert(newValue, for: key) } else { remove(key) }
        }
    }

    /// A value, without its being used.
    func peek(_ key: Key) -> Value? { entries[key]?.value }

    /// Keeps a value, unless it alone is too heavy.
    ///
    /// - Returns: the keys that left for it.
    @discardableResult
    mutating func insert(_ value: Value, for key: Key, weight: Int = 1) -> [Key] {
        remove(key)
        guard weight <= limit else { return [] }
        entries[key] = Entry(value: value, weight: weight, use: 0)
        self.weight += weight
        touch(key)
        var left: [Key] = []
        while self.weight > limit, let oldest = uses.popMin() {
            guard entries[oldest.key]?.use == oldest.number else { continue }
            remove(oldest.key)
            left.append(oldest.key)
        }
        return left
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Value? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        weight -= entry.weight
        return entry.value
    }

    mutating func removeAll() { self = Self(limit: limit) }

    private mutating func touch(_ key: Key) {
        lastUse += 1
        entries[key]?.use = lastUse
        uses.insert(Use(number: lastUse, key: key))
        guard uses.count > 2 * entries.count + 64 else { return }
        uses = Heap(entries.map { Use(number: $0.value.use, key: $0.key) })
    }
}
