/// The name and the shape of a float32 tensor, row-major and little-endian, whose bytes are the attachment.
package struct TraceTensor: Codable, Sendable, Equatable {
    /// The job that it belongs to.
    package var id: String
    package var name: String
    package var shape: [Int]

    package init(id: String, name: String, shape: [Int]) {
        self.id = id
        self.name = name
        self.shape = shape
    }
}
