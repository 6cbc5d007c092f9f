/// One answer to generate: everything that the leading decoder rank must know, in tokens.
package struct GenerateJob: Codable, Sendable, Equatable {
    /// Unique among the jobs in flight; reports about the job carry it.
    package var id: String
    /// The prompt, with one image token at each place that a visual token takes.
    package var promptIds: [Int32]
    /// The images in the order of their spans; their bytes travel beforehand, by ``LinkCommand/encode(_:)``.
    package var images: [Image]
    package var sampling: Sampling
    /// Whether the rank sends visual tokens and logits back as ``LinkReport/trace(_:)``.
    package var trace: Bool

    package init(
        id: String,
        promptIds: [Int32],
        images: [Image] = [],
        sampling: Sampling = Sampling(),
        trace: Bool = false
    ) {
        self.id = id
        self.promptIds = promptIds
        self.images = images
        self.sampling = sampling
        self.trace = trace
    }
}

extension GenerateJob {
    /// Where one image's visual tokens stand in the prompt.
    package struct Image: Codable, Sendable, Equatable {
        /// The same name as in ``ImageJob/id``.
        package var imageId: String
        /// Tiles, the thumbnail included.
        package var tiles: Int
        /// The index in `promptIds` of the image's first visual token.
        package var start: Int
        /// The number of visual tokens: tiles × visual tokens per tile.
        package var count: Int

        package init(imageId: String, tiles: Int, start: Int, count: Int) {
            self.imageId = imageId
            self.tiles = tiles
            self.start = start
            self.count = count
        }
    }

    /// How the next token is chosen, and when to stop.
    package struct Sampling: Codable, Sendable, Equatable {
        /// Tokens to generate at most, the end token included.
        package var maxTokens = 512
        /// 0 is greedy: the exact arg-max, ties to the lower id.
        package var temperature: Float = 0
        /// 0 is off.
        package var topK = 0
        /// 1 is off.
        package var topP: Float = 1
        /// 0 is off.
        package var minP: Float = 0
        /// 1 is off.
        package var repetitionPenalty: Float = 1
        package var seed: UInt64 = 0
        /// Tokens that end the answer; the one that did is the last token reported.
        package var stopIds: [Int32] = []
        /// After so many thinking tokens `thinkEndId` is forced; `nil` is no limit.
        package var thinkBudget: Int?
        package var thinkStartId: Int32?
        package var thinkEndId: Int32?
        /// The number of alternatives whose log-probabilities are reported; 0 is off.
        package var logprobs = 0

        package init() {}
    }
}

/// One image to encode; its file's bytes are the attachment.
package struct ImageJob: Codable, Sendable, Equatable {
    /// Unique among the images in flight.
    package var id: String
    /// The job that the image belongs to.
    package var jobId: String
    /// The limit for tiles, the thumbnail not included; `nil` is the checkpoint's own.
    package var maxTiles: Int?

    package init(id: String, jobId: String, maxTiles: Int? = nil) {
        self.id = id
        self.jobId = jobId
        self.maxTiles = maxTiles
    }
}
