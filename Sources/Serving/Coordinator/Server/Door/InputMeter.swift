/// Counts the bytes of lines and blobs that have begun and not ended, over all connections.
///
/// One connection may hold a picture of many MiB; thousands that each hold one that never ends would take all memory.
final class InputMeter: @unchecked Sendable {
    // Safe because it is touched on the one event loop only.
    let limit: Int
    private(set) var held = 0

    /// What a connection may hold whatever others do.
    static let free = 64 << 10

    init(limit: Int) { self.limit = limit }

    /// One connection holds `new` bytes in place of `old`; `false` if that is more than there is room for.
    func change(from old: Int, to new: Int) -> Bool {
        held += new - old
        return new <= Self.free || held <= limit
    }
}
