package import Constraints

/// One answer to generate: everything that the leading decoder rank must know, in tokens.
package struct GenerateJob: Codable, Sendable, Equatable {
    /// Unique among the jobs in flight; reports about the job carry it.
    package var id: String
    /// The prompt, with one image token at each place that a visual token takes.
    package var promptIds: [Int32]
    /// Tokens of the answer that an earlier group has generated: the answer goes on behind them.
    package var answerIds: [Int32] = []
    /// The images in the order of their spans; their bytes travel by ``LinkCommand/encode(_:)``.
    package var images: [Image]
    package var sampling: Sampling
    /// Tokens that end the answer; the one that did is the last token reported.
    package var stopIds: [Int32] = []
    package var thinking: Thinking?
    /// The form of the answer behind any thinking.
    package var format: AnswerFormat?
    /// The number of alternatives whose log-probabilities are reported with each token; 0 is off.
    package var logprobs = 0
    /// Whether drafts may be tried; the tokens are the same.
    package var speculates = true
    /// Who asks, by a number: answers to other prompts are drafts for nobody else.
    package var asker = 0
    /// Whether the rank sends visual tokens and logits back as ``LinkReport/trace(_:)``; such a job takes nothing
    /// from the prefix cache.
    package var trace: Bool
    /// The answer as a receipt has it, which is to be computed again: its tokens are the drafts, and the job ends with the
    /// first that differs, or with the last of them.
    package var claim: [Int32]?

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
        /// The same number as in ``ImageJob/number``.
        package var number: Int32
        /// What the visual tokens depend on, in hexadecimal digits: the file's bytes and how it is tiled.
        ///
        /// Two images with the same key have the same visual tokens, and so the same keys and values in the cache.
        package var contentKey: String
        /// Tiles, the thumbnail included.
        package var tiles: Int
        /// The index in `promptIds` of the image's first visual token.
        package var start: Int
        /// The number of visual tokens: tiles × visual tokens per tile.
        package var count: Int
        /// Whether the vision ranks have been, or are being, told to encode it; if not, the leader asks with
        /// ``LinkReport/imagesWanted(_:)`` should the prefix cache not cover it.
        package var isComing = true

        package init(number: Int32, contentKey: String, tiles: Int, start: Int, count: Int) {
            self.number = number
            self.contentKey = contentKey
            self.tiles = tiles
            self.start = start
            self.count = count
        }

        /// The image's positions in the prompt.
        package var positions: Range<Int> { start..<(start + count) }
    }

    /// Bounds of the reasoning between two tokens, of which the second is forced when one is passed.
    package struct Thinking: Codable, Sendable, Equatable {
        package var startId: Int32
        package var endId: Int32
        /// Tokens between the two at most; `nil` is no limit.
        package var budget: Int?
        /// Whether a block of tokens that repeats without end is cut short.
        package var breaksLoops = true

        package init(startId: Int32, endId: Int32, budget: Int? = nil) {
            self.startId = startId
            self.endId = endId
            self.budget = budget
        }
    }
}

/// One image to encode; its file's bytes are the attachment.
package struct ImageJob: Codable, Sendable, Equatable {
    /// Names the image in the whole group until it is forgotten; never used twice in a group's life.
    package var number: Int32
    /// How it becomes tiles; `nil` is the checkpoint's own way.
    package var cut: PictureCut?

    package init(number: Int32, cut: PictureCut? = nil) {
        self.number = number
        self.cut = cut
    }
}

extension GenerateJob {
    /// Why the answer ends behind its token number `count`, which is `last`; `nil` while it goes on.
    package func finishReason(last: Int32, count: Int) -> FinishReason? {
        if stopIds.contains(last) { return .stop }
        if count >= sampling.maxTokens { return .length }
        guard let claim else { return nil }
        return count >= claim.count || claim[count - 1] != last ? .cancelled : nil
    }

    /// Tokens that the answer may have.
    package var mostTokens: Int { min(sampling.maxTokens, claim?.count ?? .max) }
}
