/// An error that travels from a rank to the person in front.
package struct RankFailure: Codable, Sendable, Equatable {
    /// The job that failed.
    package var id: String?
    /// The image that could not be encoded.
    package var image: Int32?
    /// One of `ExitCode`'s values.
    package var exitCode: Int32
    /// One sentence without a full stop.
    package var message: String
    package var hint: String?

    package init(id: String? = nil, image: Int32? = nil, exitCode: Int32, message: String, hint: String? = nil) {
        self.id = id
        self.image = image
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// Whether the rank itself cannot go on.
    package var isOfRank: Bool { id == nil && image == nil }
}
