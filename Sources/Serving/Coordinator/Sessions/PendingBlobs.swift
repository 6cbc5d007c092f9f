internal import Requests
internal import WireProtocol

/// Pictures that a connection has sent ahead of the requests that they belong to.
struct PendingBlobs {
    private var blobs: [RequestId: [Int: [UInt8]]] = [:]
    /// Names whose blobs have served a COUNT, or a request that was turned away and may come again; oldest first.
    private var spare: [RequestId] = []
    private(set) var byteCount = 0
    /// Why blobs were not taken, by their names and places; the request that they belong to is refused for it.
    private var refusals: [RequestId: [Int: RequestError]] = [:]
    private static let refusalLimit = 1024

    /// Keeps a blob; `false` if that would be more than `limit` bytes.
    mutating func keep(_ bytes: [UInt8], index: Int, of id: RequestId, limit: Int) -> Bool {
        let replaced = blobs[id]?[index]?.count ?? 0
        while byteCount - replaced + bytes.count > limit, let oldest = spare.first(where: { $0 != id }) {
            drop(oldest)
        }
        guard byteCount - replaced + bytes.count <= limit else { return false }
        byteCount += bytes.count - replaced
        refusals[id]?[index] = nil
        blobs[id, default: [:]][index] = bytes
        return true
    }

    /// A blob was not taken.
    mutating func refuse(_ id: RequestId, _ index: Int, _ error: RequestError) {
        // A client that sends nothing but bad blobs gets no more memory for it.
        if refusals[id] == nil, refusals.count >= Self.refusalLimit { refusals = [:] }
        guard refusals[id, default: [:]].count < Self.refusalLimit else { return }
        refusals[id, default: [:]][index] = error
    }

    /// Why a request cannot be served with the blobs that came: what was wrong with the first that was not taken.
    func refusal(of id: RequestId) -> RequestError? { refusals[id]?.min { $0.key < $1.key }?.value }

    func blobs(of id: RequestId) -> [Int: [UInt8]] { blobs[id] ?? [:] }

    /// The blobs have done their work, and may be dropped when room is needed.
    mutating func spareBlobs(of id: RequestId) {
        if blobs[id] != nil, !spare.contains(id) { spare.append(id) }
    }

    mutating func drop(_ id: RequestId) {
        byteCount -= blobs.removeValue(forKey: id)?.values.reduce(0) { $0 + $1.count } ?? 0
        spare.removeAll { $0 == id }
        refusals[id] = nil
    }
}
