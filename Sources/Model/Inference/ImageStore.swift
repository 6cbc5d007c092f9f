package import Tensors

/// The visual tokens of the images that sequences under way refer to; every decoder rank holds them all.
package final class ImageStore {
    private let hidden: Int
    private var images: [Int32: FloatBuffer] = [:]

    /// - Parameter hidden: floats of a visual token, the decoder's hidden size.
    package init(hidden: Int) { self.hidden = hidden }

    /// Makes room for `tokens` visual tokens under the number `slot`.
    package func open(slot: Int32, tokens: Int) { images[slot] = FloatBuffer(count: tokens * hidden) }

    package func close(slot: Int32) { images[slot] = nil }

    /// The place of visual token `offset`, or `nil` when the image is closed or has no such tokens.
    package func place(slot: Int32, offset: Int, tokens: Int) -> UnsafeMutablePointer<Float>? {
        guard let image = images[slot], offset >= 0, tokens >= 0, (offset + tokens) * hidden <= image.count else {
            return nil
        }
        return image.pointer + offset * hidden
    }

    /// All visual tokens of an image, `[tokens, hidden]`.
    package func tokens(slot: Int32) -> FloatBuffer? { images[slot] }

    package var byteCount: Int { images.values.reduce(0) { $0 + $1.count * 4 } }
}
