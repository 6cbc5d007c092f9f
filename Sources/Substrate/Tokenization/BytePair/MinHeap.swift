/// A binary heap of integers, the smallest first.
struct MinHeap: Sendable {
    private var items: [UInt64] = []

    mutating func removeAll() { items.removeAll() }

    mutating func push(_ item: UInt64) {
        var index = items.count
        items.append(item)
        while index > 0, items[(index - 1) / 2] > item {
            items[index] = items[(index - 1) / 2]
            index = (index - 1) / 2
        }
        items[index] = item
    }

    mutating func pop() -> UInt64? {
        guard let smallest = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return smallest }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
            guard items[child] < last else { break }
            items[index] = items[child]
            index = child
        }
        items[index] = last
        return smallest
    }
}
