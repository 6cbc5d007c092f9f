/// Where the server stands.
package enum GroupState: String, Codable, Sendable {
    case loading
    case ready
    /// It runs with fewer ranks than it was asked to.
    case degraded
    case draining
}

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

/// A request was accepted.
package struct Ack: Codable, Sendable, Equatable {
    /// Requests ahead of it.
    package var queued: Int
    package var promptTokens: Int
    package var imageTokens: Int
    /// Of each picture, the thumbnail included.
    package var tiles: [Int]
    /// Tokens of the prompt that need not be computed, as far as is known when it is accepted.
    package var cachedTokens: Int
    package var seed: UInt64

    private enum CodingKeys: String, CodingKey {
        case queued, tiles, seed
        case promptTokens = "prompt_tokens"
        case imageTokens = "image_tokens"
        case cachedTokens = "cached_tokens"
    }

    package init(queued: Int, promptTokens: Int, imageTokens: Int, tiles: [Int], cachedTokens: Int, seed: UInt64) {
        self.queued = queued
        self.promptTokens = promptTokens
        self.imageTokens = imageTokens
        self.tiles = tiles
        self.cachedTokens = cachedTokens
        self.seed = seed
    }
}

/// Where a request stands.
package struct Progress: Codable, Sendable, Equatable {
    /// `queue`, `vision` (tiles), `prefill` (tokens of the prompt) or `decode` (tokens of the answer).
    package var stage: String
    package var done: Int
    package var total: Int
    /// For a person to read.
    package var note: String?

    package init(stage: String, done: Int, total: Int, note: String? = nil) {
        self.stage = stage
        self.done = done
        self.total = total
        self.note = note
    }
}

/// The next piece of the reasoning or of the answer, in whole characters, and the tokens behind it.
package struct Piece: Codable, Sendable, Equatable {
    package struct TokenLogprobs: Codable, Sendable, Equatable {
        package struct Alternative: Codable, Sendable, Equatable {
            package var id: Int32
            package var logprob: Float

            package init(id: Int32, logprob: Float) {
                self.id = id
                self.logprob = logprob
            }
        }

        package var id: Int32
        package var logprob: Float
        /// The likeliest tokens, likeliest first.
        package var top: [Alternative]

        package init(id: Int32, logprob: Float, top: [Alternative]) {
            self.id = id
            self.logprob = logprob
            self.top = top
        }
    }

    package var text: String
    package var ids: [Int32]
    /// One for each of `ids`, if the request asked for them.
    package var logprobs: [TokenLogprobs]?

    package init(text: String, ids: [Int32], logprobs: [TokenLogprobs] = []) {
        self.text = text
        self.ids = ids
        self.logprobs = logprobs.isEmpty ? nil : logprobs
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
