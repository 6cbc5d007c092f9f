internal import Digests

/// The bytes of pictures that clients have sent, by their SHA-256, so that a later request can name one without sending
/// it again: the least recently used go first.
struct PictureStore {
    private var pictures: [String: (bytes: [UInt8], used: Int)] = [:]
    private var clock = 0
    private(set) var byteCount = 0
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Keeps a picture that a request has been accepted with.
    mutating func keep(_ bytes: [UInt8], digest: String) {
        clock += 1
        if pictures[digest] == nil {
            guard bytes.count <= limit else { return }
            byteCount += bytes.count
        }
        pictures[digest] = (bytes, clock)
        while byteCount > limit, let oldest = pictures.min(by: { $0.value.used < $1.value.used }) {
            byteCount -= oldest.value.bytes.count
            pictures[oldest.key] = nil
        }
    }

    mutating func bytes(digest: String) -> [UInt8]? {
        guard let found = pictures[digest] else { return nil }
        clock += 1
        pictures[digest] = (found.bytes, clock)
        return found.bytes
    }
}
