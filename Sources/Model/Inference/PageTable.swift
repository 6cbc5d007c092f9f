internal import Requests

/// Who uses which page of the KV cache, and which pages hold what: the leader's bookkeeping, the same page numbers on
/// every rank.
///
/// A page that is full and computed may be given a key. It can then be shared by any sequence whose tokens have the
/// same key, and stays when its last user leaves, until it is the least recently used and another page is needed.
struct PageTable {
    let capacity: Int
    private var free: [Int32]
    /// By page: sequences that use it.
    private var users: [Int]
    private var keys: [PageKey?]
    private var pages: [PageKey: Int32] = [:]
    /// Pages with a key and no user, by when they were let go.
    private var idle: [Int32: Int] = [:]
    private var clock = 0
    /// Keys that have come and gone since they were last taken.
    private(set) var kept: [PageKey] = []
    private(set) var dropped: [PageKey] = []

    init(capacity: Int) {
        self.capacity = capacity
        free = (0..<Int32(capacity)).reversed()
        users = Array(repeating: 0, count: capacity)
        keys = Array(repeating: nil, count: capacity)
    }

    /// Pages that can be had: free ones, and ones that only the cache holds.
    var availableCount: Int { free.count + idle.count }
    var idleCount: Int { idle.count }
    /// Pages that have a key.
    var knownCount: Int { pages.count }
    var usedCount: Int { capacity - availableCount }

    /// Takes a page for one user, or `nil` when every page is used.
    mutating func take() -> Int32? {
        let page = free.popLast() ?? evict()
        if let page { users[Int(page)] = 1 }
        return page
    }

    /// Takes a page that nobody uses and the cache does not hold, if so many more can be had besides.
    mutating func takeFree(leaving others: Int) -> Int32? {
        guard availableCount > others, let page = free.popLast() else { return nil }
        users[Int(page)] = 1
        return page
    }

    /// The page with this key, if there is one; it gets no user yet.
    func page(_ key: PageKey) -> Int32? { pages[key] }

    /// The key that a page has, if it has one.
    func key(of page: Int32) -> PageKey? { keys[Int(page)] }

    /// Whether only the cache holds the page.
    func isIdle(_ page: Int32) -> Bool { idle[page] != nil }

    /// One more sequence uses the page.
    mutating func share(_ page: Int32) {
        idle[page] = nil
        users[Int(page)] += 1
    }

    /// Gives a full page its key; of no effect when another page has it already.
    mutating func register(_ page: Int32, _ key: PageKey) {
        guard pages[key] == nil, keys[Int(page)] == nil else { return }
        pages[key] = page
        keys[Int(page)] = key
        kept.append(key)
    }

    /// A sequence leaves its pages, first to last.
    ///
    /// Later pages count as less recently used: without the pages before it a page is of no use to anybody.
    mutating func release(_ list: [Int32]) {
        for page in list.reversed() {
            users[Int(page)] -= 1
            precondition(users[Int(page)] >= 0, "page \(page) was given back twice")
            guard users[Int(page)] == 0 else { continue }
            clock += 1
            if keys[Int(page)] == nil { free.append(page) } else { idle[page] = clock }
        }
    }

    /// Takes the keys of pages away, so that nobody finds them any more; their users keep them.
    mutating func forget(_ list: [Int32]) {
        for page in list {
            guard let key = keys[Int(page)] else { continue }
            pages[key] = nil
            keys[Int(page)] = nil
            dropped.append(key)
        }
    }

    /// The changes of the set of known keys since the last call.
    mutating func takeChanges() -> (kept: [PageKey], dropped: [PageKey]) {
        defer {
            kept = []
            dropped = []
        }
        return (kept, dropped)
    }

    private mutating func evict() -> Int32? {
        guard let page = idle.min(by: { $0.value < $1.value })?.key else { return nil }
        idle[page] = nil
        if let key = keys[Int(page)] {
            pages[key] = nil
            dropped.append(key)
        }
        keys[Int(page)] = nil
        return page
    }
}
