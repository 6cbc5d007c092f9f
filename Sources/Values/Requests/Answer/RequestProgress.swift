/// A request was accepted.
package struct Ack: Codable, Sendable, Equatable {
    /// Requests ahead of it.
    package var queued: Int
    package var promptTokens: Int
    package var imageTokens: Int
    /// Of each picture, the thumbnail included.
    package var tiles: [Int]
    /// Columns and rows of each picture's grid, and of its second one where there is any; missing from older servers.
    package var grid: [[Int]]?
    package var secondGrid: [[Int]?]?
    /// Tokens of the prompt that need not be computed, as far as is known when it is accepted.
    package var cachedTokens: Int
    package var seed: UInt64

    private enum CodingKeys: String, CodingKey {
        case queued, tiles, grid, seed
        case secondGrid = "second_grid"
        case promptTokens = "prompt_tokens"
        case imageTokens = "image_tokens"
        case cachedTokens = "cached_tokens"
    }

    package init(
        queued: Int,
        promptTokens: Int,
        imageTokens: Int,
        tiles: [Int],
        grids: [PictureGrids]? = nil,
        cachedTokens: Int,
        seed: UInt64
    ) {
        self.queued = queued
        self.promptTokens = promptTokens
        self.imageTokens = imageTokens
        self.tiles = tiles
        grid = grids?.map(\.first)
        secondGrid = grids.flatMap { $0.contains { $0.second != nil } ? $0.map(\.second) : nil }
        self.cachedTokens = cachedTokens
        self.seed = seed
    }
}

/// Where a request stands.
package struct RequestProgress: Codable, Sendable, Equatable {
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
