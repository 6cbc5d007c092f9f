internal import GroupLink
internal import Synchronization

/// A vision rank's way to its next tile, between the thread that computes and the main thread, which owns MPI.
final class TileClaims: Sendable {
    /// Of the rank that hands out tiles; the others ask it.
    private let desk: Mutex<TileDesk?>
    private let isDesk: Bool
    private let started = ContinuousClock.now
    private let asked = EventQueue<TileClaim>()
    private let granted = EventQueue<Int?>()

    /// - Parameter desk: if this rank is the one that hands out tiles.
    init(_ desk: TileDesk?) {
        isDesk = desk != nil
        self.desk = Mutex(desk)
    }

    /// The next tile of a picture for the thread that computes, which waits for it; `nil` is none.
    func next(_ claim: TileClaim) -> Int? {
        if isDesk { return serve(claim, by: 0) }
        asked.push(claim)
        return granted.next() ?? nil
    }

    /// The next tile for the vision rank that asks this rank's desk.
    func serve(_ claim: TileClaim, by place: Int) -> Int? {
        let now = ContinuousClock.now - started
        return desk.withLock { $0?.claim(claim, by: place, now: now) ?? nil }
    }

    /// Hands out no more of these pictures.
    func forget(_ images: [Int32]) { desk.withLock { $0?.forget(images) } }

    /// What the thread that computes wants to know of the desk.
    func takeAsked() -> TileClaim? { asked.poll() }

    /// The desk's answer to it.
    func grant(_ tile: Int?) { granted.push(tile) }
}
