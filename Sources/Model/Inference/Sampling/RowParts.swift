internal import Kernels

/// The parts into which rows of logits are cut for the threads, and what each has come to.
///
/// Its memory depends on the number of threads and rows, not on the vocabulary.
final class RowParts {
    private let pool: ThreadPool
    private let width: Int
    private var perRow = 1
    private var rows = 0
    private var parts: [ShardScan.Part] = []
    /// For each part room for its best tokens while they are looked for.
    private var lists: [Candidate] = []
    /// The best tokens of a row's parts, one list after the other.
    private var joined: [Candidate] = []

    /// Logits that a part has at least.
    private static let leastWidth = 8192
    private static let listRoom = 2 * TokenChoice.mostCandidates

    init(pool: ThreadPool, width: Int) {
        self.pool = pool
        self.width = width
    }

    /// Cuts so many rows into about two parts a thread.
    func divide(_ rows: Int) {
        self.rows = rows
        perRow = max(1, min((2 * pool.threads + rows - 1) / max(rows, 1), width / Self.leastWidth))
        let count = rows * perRow
        let none = Candidate(logit: 0, token: 0)
        if parts.count < count { parts = Array(repeating: ShardScan.Part(), count: count) }
        if lists.count < count * Self.listRoom { lists = Array(repeating: none, count: count * Self.listRoom) }
        if joined.count < perRow * Self.listRoom { joined = Array(repeating: none, count: perRow * Self.listRoom) }
    }

    /// Calls `body` for every part with the row's number, the part's range of the row, and where the result goes.
    func run(
        _ body: (Int, Range<Int>, inout ShardScan.Part, UnsafeMutablePointer<Candidate>) -> Void
    ) {
        let (perRow, width) = (perRow, width)
        parts.withUnsafeMutableBufferPointer { parts in
            lists.withUnsafeMutableBufferPointer { lists in
                guard let part = parts.baseAddress, let list = lists.baseAddress else { return }
                pool.run(rows * perRow) { task, _ in
                    let (row, place) = task.quotientAndRemainder(dividingBy: perRow)
                    let range = width * place / perRow..<width * (place + 1) / perRow
                    part[task] = ShardScan.Part()
                    body(row, range, &part[task], list + task * Self.listRoom)
                }
            }
        }
    }

    /// What the parts of a row have come to, first to last.
    subscript(row: Int) -> ArraySlice<ShardScan.Part> { parts[row * perRow..<(row + 1) * perRow] }

    /// Puts the best tokens of a row's parts together, sorted; the result is how many they are.
    func merge(_ row: Int, most: Int, into best: UnsafeMutablePointer<Candidate>) -> Int {
        var count = 0
        for part in row * perRow..<(row + 1) * perRow {
            for place in 0..<parts[part].count {
                joined[count] = lists[part * Self.listRoom + place]
                count += 1
            }
        }
        return joined.withUnsafeMutableBufferPointer { joined in
            guard let base = joined.baseAddress else { return 0 }
            let kept = Candidate.sortBest(most, of: base, count: count)
            best.update(from: base, count: kept)
            return kept
        }
    }
}
