/// Which pages of the KV cache are free; the leader's bookkeeping, the same page numbers on every rank.
package struct KVPagePool: Sendable {
    package let capacity: Int
    private var free: [Int32]

    package init(capacity: Int) {
        self.capacity = capacity
        free = (0..<Int32(capacity)).reversed()
    }

    package var freeCount: Int { free.count }
    package var usedCount: Int { capacity - free.count }

    /// Takes a page, or `nil` when none is free.
    package mutating func take() -> Int32? { free.popLast() }

    /// Gives pages back.
    package mutating func give(back pages: [Int32]) {
        free.append(contentsOf: pages)
        precondition(free.count <= capacity, "a page was given back twice")
    }
}
