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
    let config: ModelConfig
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
        let pictures = try pictures(of: request, images)
        let tiles = pictures.map(\.tiles)
        let prompt = try template.prompt(request.messages, tiles: tiles, think: options.think)
        guard prompt.ids.count < config.decoder.maxPositions else {
            throw PromptTooLongError(tokens: prompt.ids.count, limit: config.decoder.maxPositions)
        }
        var job = GenerateJob(id: request.id, promptIds: prompt.ids, trace: request.wantsTrace)
        for (index, span) in prompt.imageSpans.enumerated() {
            job.images.append(
                .init(
                    number: Int32(index),
                    contentKey: Self.contentKey(pictures[index].picture),
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
        return PreparedRequest(template: job, pictures: pictures.map(\.picture), stop: options.stop)
    }

    /// Each picture with its cut, and how many tiles it makes.
    private func pictures(
        of request: ConversationRequest,
        _ images: [[UInt8]]
    ) throws -> [(picture: PreparedRequest.Picture, tiles: Int)] {
        let options = request.options
        let own = config.images
        // Several pictures are never cut twice: so published evaluations do it.
        let asked = options.tiling ?? (own.usesMSAC ? .msac : .standard)
        let tiling = images.count == 1 ? asked : .standard
        var pictures: [(PreparedRequest.Picture, tiles: Int)] = []
        for (index, (name, orient)) in zip(request.messages.images, request.messages.imageOrients).enumerated() {
            let cut = PictureCut(
                maxTiles: options.maxTiles ?? own.maxTiles,
                tiling: tiling,
                rgbFirst: options.rgbFirst,
                orient: orient ?? options.orient
            )
            pictures.append(try picture(images[index], name, cut))
        }
        return pictures
    }

    /// A picture that is cut like that.
    func picture(
        _ bytes: [UInt8],
        _ name: String,
        _ cut: PictureCut
    ) throws -> (picture: PreparedRequest.Picture, tiles: Int) {
        let layout = try layout(of: bytes, name, Tiler(side: config.images.tileSide, cut: cut))
        let picture = PreparedRequest.Picture(
            bytes: bytes,
            digest: SHA256.hex(bytes),
            cut: cut,
            grids: PictureGrids(first: layout.grid.pair, second: layout.second?.pair)
        )
        return (picture, layout.tileCount)
    }

    /// The same bytes, cut in the same way, have the same visual tokens.
    static func contentKey(_ picture: PreparedRequest.Picture) -> String { "\(picture.digest):\(picture.cut.key)" }

    func thinking(_ options: RequestOptions) -> GenerateJob.Thinking {
        var thinking = GenerateJob.Thinking(
            startId: tokenizer.control.think,
            endId: tokenizer.control.endThink,
            budget: options.thinkBudget
        )
        thinking.breaksLoops = options.loopGuard
        return thinking
    }

    private func layout(of bytes: [UInt8], _ name: String, _ tiler: Tiler) throws -> TileLayout {
        do throws(ImageError) {
            return try tiler.layout(of: bytes, limits: limits)
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
