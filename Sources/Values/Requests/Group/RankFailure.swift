/// An error that travels from a rank to the person in front.
package struct RankFailure: Error, Codable, Sendable, Equatable {
    /// What it is about, so that nobody has to guess it from an exit code.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// Prompt and answer are longer than the model's context, or than the KV cache.
        case tooLong
        /// The job is wrong in itself.
        case badRequest
        /// The picture cannot be decoded.
        case badImage
        /// The logits of a step are not numbers.
        case notNumbers
        /// The rank cannot go on, as its exit code says.
        case ofRank
        /// Anything else.
        case `internal`

        /// What a client is told.
        package var code: ErrorCode {
            switch self {
            case .tooLong: .tooLong
            case .badRequest: .badArgument
            case .badImage: .badImage
            case .notNumbers, .ofRank, .internal: .internal
            }
        }

        /// What `flotilla generate` exits with, where the failure does not say: one of `ExitCode`'s values.
        package var exitCode: Int32 {
            switch self {
            case .tooLong, .badRequest, .badImage: 2
            case .notNumbers: 4
            case .ofRank, .internal: 70
            }
        }
    }

    package var kind: Kind
    /// The job that failed.
    package var id: String?
    /// The image that could not be encoded.
    package var image: Int32?
    /// One of `ExitCode`'s values.
    package var exitCode: Int32
    /// One sentence without a full stop.
    package var message: String
    package var hint: String?

    /// - Parameter exitCode: `nil` is the kind's own.
    package init(
        _ kind: Kind,
        id: String? = nil,
        image: Int32? = nil,
        exitCode: Int32? = nil,
        message: String,
        hint: String? = nil
    ) {
        self.kind = kind
        self.id = id
        self.image = image
        self.exitCode = exitCode ?? kind.exitCode
        self.message = message
        self.hint = hint
    }

    /// Whether the rank itself cannot go on.
    package var isOfRank: Bool { id == nil && image == nil }
}
