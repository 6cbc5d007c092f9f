/// The bytes of pictures that clients have sent, by their SHA-256, so that a later request can name one without sending
/// it again: the least recently used go first.
package struct PictureStore: Sendable {
    private var pictures: LeastRecentlyUsed<String, [UInt8]>

    package init(limit: Int) { pictures = LeastRecentlyUsed(limit: limit) }

    package var byteCount: Int { pictures.weight }
    var limit: Int { pictures.limit }

    /// Keeps a picture that a request has been accepted with.
    mutating func keep(_ bytes: [UInt8], digest: String) {
        if pictures[digest] == nil { pictures.insert(bytes, for: digest, weight: bytes.count) }
    }

    /// Whether a picture is kept, without its being used.
    package func holds(digest: String) -> Bool { pictures.peek(digest) != nil }

    package mutating func bytes(digest: String) -> [UInt8]? { pictures[digest] }
}
