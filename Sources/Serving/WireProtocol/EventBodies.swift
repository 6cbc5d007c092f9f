package import Requests

/// What the server says first.
package struct Greeting: Codable, Sendable, Equatable {
    package struct Ranks: Codable, Sendable, Equatable {
        package var decoder: Int
        package var vision: Int

        package init(decoder: Int, vision: Int) {
            self.decoder = decoder
            self.vision = vision
        }
    }

    package var server: String
    package var model: String
    package var state: GroupState
    /// Whether HELLO with a token must come first.
    package var auth: Bool
    package var ranks: Ranks
    package var maxLine: Int
    package var maxBlob: Int
    package var maxImages: Int
    package var maxContext: Int
    package var maxInFlight: Int

    private enum CodingKeys: String, CodingKey {
        case server, model, state, auth, ranks
        case maxLine = "max_line"
        case maxBlob = "max_blob"
        case maxImages = "max_images"
        case maxContext = "max_context"
        case maxInFlight = "max_inflight"
    }

    package init(
        server: String,
        model: String,
        state: GroupState,
        auth: Bool,
        ranks: Ranks,
        maxLine: Int,
        maxBlob: Int,
        maxImages: Int,
        maxContext: Int,
        maxInFlight: Int
    ) {
        self.server = server
        self.model = model
        self.state = state
        self.auth = auth
        self.ranks = ranks
        self.maxLine = maxLine
        self.maxBlob = maxBlob
        self.maxImages = maxImages
        self.maxContext = maxContext
        self.maxInFlight = maxInFlight
    }
}

/// Something that everybody is told.
package struct Note: Codable, Sendable, Equatable {
    package var state: GroupState
    /// For a person to read.
    package var message: String?

    package init(state: GroupState, message: String? = nil) {
        self.state = state
        self.message = message
    }
}
