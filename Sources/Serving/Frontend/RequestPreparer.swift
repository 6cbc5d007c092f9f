package import Checkpoints
package import Diagnostics
internal import Digests
internal import GroupLink
package import ImagePreprocessing
internal import Requests
package import ServingCore
package import Tokenization

/// Turns conversations into token ids and pictures into tile counts; reads headers of pictures, decodes none.
package final class RequestPreparer: Sendable {
    package let tokenizer: Tokenizer
    private let config: ModelConfig
    private let template: PromptTemplate
    private let limits: ImageLimits

    /// - Parameter maxPixels: pictures with more are refused.
    package init(_ config: ModelConfig, tokenizer: Tokenizer, maxPixels: Int? = nil) {
        self.tokenizer = tokenizer
        self.config = config
        template = PromptTemplate(tokenizer, visualTokensPerTile: config.visualTokensPerTile)
        limits = maxPixels.map { ImageLimits(maxPixels: $0) } ?? .standard
    }

    /// - Parameter images: the bytes of the pictures of `request.messages`, in their order.
    /// - Throws: `UsageError`, `PictureError` or `PromptTooLongError`: what is wrong with the request.
    package func prepare(_ request: ConversationRequest, images: [[UInt8]]) throws -> PreparedRequest {
        let options = request.options
        try options.check()
        let maxTiles = options.maxTiles ?? config.images.maxTiles
        let tiler = Tiler(side: config.images.tileSide, maxTiles: maxTiles)
        var tiles: [Int] = []
        for (bytes, name) in zip(images, request.messages.images) {
            tiles.append(try tileCount(of: bytes, name, tiler))
        }
        let prompt = try template.prompt(request.messages, tiles: tiles, think: options.think)
        guard prompt.ids.count < config.decoder.maxPositions else {
            throw PromptTooLongError(tokens: prompt.ids.count, limit: config.decoder.maxPositions)
        }
        var job = GenerateJob(id: request.id, promptIds: prompt.ids, trace: request.wantsTrace)
        let digests = images.map { SHA256.hex($0) }
        for (index, span) in prompt.imageSpans.enumerated() {
            // The same bytes in the same number of tiles at most have the same visual tokens.
            let key = "\(digests[index]):\(maxTiles)"
            job.images.append(
                .init(
                    number: Int32(index),
                    contentKey: key,
                    tiles: tiles[index],
                    start: span.lowerBound,
                    count: span.count
                )
            )
        }
        job.sampling = options.sampling
        job.sampling.maxTokens = min(options.sampling.maxTokens, config.decoder.maxPositions - prompt.ids.count)
        job.sampling.seed = options.seed ?? RequestOptions.drawnSeed()
        job.stopIds = tokenizer.control.ends
        job.thinking = thinking(options)
        job.logprobs = options.logprobs
        job.format = options.format
        return PreparedRequest(
            template: job,
            imageBytes: images,
            imageDigests: digests,
            maxTiles: maxTiles,
            stop: options.stop
        )
    }

    private func thinking(_ options: RequestOptions) -> GenerateJob.Thinking {
        var thinking = GenerateJob.Thinking(
            startId: tokenizer.control.think,
            endId: tokenizer.control.endThink,
            budget: options.thinkBudget
        )
        thinking.breaksLoops = options.loopGuard
        return thinking
    }

    private func tileCount(of bytes: [UInt8], _ name: String, _ tiler: Tiler) throws -> Int {
        do throws(ImageError) {
            return tiler.tileCount(of: try ImageHeader.read(bytes, limits: limits))
        } catch {
            throw PictureError(name: name, cause: error)
        }
    }
}

/// A picture of a request cannot be used.
package struct PictureError: OperatorError, Equatable {
    /// What its sender calls it.
    package let name: String
    package let cause: ImageError

    package init(name: String, cause: ImageError) {
        self.name = name
        self.cause = cause
    }

    package var description: String { "\(name): \(cause.description)" }
    package var hint: String? { cause.hint }
    package var exitCode: ExitCode { cause.exitCode }
}

/// The model cannot read as long a prompt.
package struct PromptTooLongError: OperatorError, Equatable {
    package let tokens: Int
    package let limit: Int

    package var description: String { "the prompt has \(tokens) tokens, the model's context \(limit)" }
    package var hint: String? { "shorten the conversation, or let pictures have fewer tiles" }
    package var exitCode: ExitCode { .usage }
}
