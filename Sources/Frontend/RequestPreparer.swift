package import Checkpoints
internal import Diagnostics
package import Foundation
package import GroupLink
internal import ImagePreprocessing
package import Tokenization

/// A request in the form in which a group takes it.
package struct PreparedRequest: Sendable {
    package let job: GenerateJob
    package let images: [(job: ImageJob, bytes: Data)]
    /// Tiles of each image, the thumbnail included.
    package let tiles: [Int]
    package let stop: [String]

    /// Tokens that the KV cache must have room for.
    package var longest: Int { job.promptIds.count + job.sampling.maxTokens }
}

/// Turns conversations into token ids and image jobs; reads headers of pictures, decodes none.
package final class RequestPreparer {
    package let tokenizer: Tokenizer
    private let config: ModelConfig
    private let template: PromptTemplate
    private let limits: ImageLimits
    private var nextImage = 0

    /// - Parameter maxPixels: pictures with more are refused.
    package init(_ config: ModelConfig, tokenizer: Tokenizer, maxPixels: Int? = nil) {
        self.tokenizer = tokenizer
        self.config = config
        template = PromptTemplate(tokenizer, visualTokensPerTile: config.visualTokensPerTile)
        limits = maxPixels.map { ImageLimits(maxPixels: $0) } ?? .standard
    }

    /// - Throws: what is wrong with the request or one of its pictures, as an `OperatorError`.
    package func prepare(_ request: ConversationRequest) throws -> PreparedRequest {
        try request.sampling.check()
        let maxTiles = request.maxTiles ?? config.images.maxTiles
        guard (1...64).contains(maxTiles) else {
            throw UsageError("max_tiles is \(maxTiles), expected 1 to 64")
        }
        let tiler = Tiler(side: config.images.tileSide, maxTiles: maxTiles)
        var images: [(job: ImageJob, bytes: Data)] = []
        var tiles: [Int] = []
        for path in request.messages.images {
            let bytes = try read(path, relativeTo: request.baseDirectory)
            tiles.append(try tileCount(of: bytes, at: path, tiler))
            images.append((ImageJob(id: String(nextImage), jobId: request.id, maxTiles: maxTiles), Data(bytes)))
            nextImage += 1
        }
        let prompt = try template.prompt(request.messages, tiles: tiles, think: request.think)
        guard prompt.ids.count < config.decoder.maxPositions else {
            throw UsageError(
                "the prompt has \(prompt.ids.count) tokens, the model's context \(config.decoder.maxPositions)",
                hint: "shorten the conversation, or let pictures have fewer tiles"
            )
        }
        var job = GenerateJob(id: request.id, promptIds: prompt.ids, trace: request.wantsTrace)
        for (index, span) in prompt.imageSpans.enumerated() {
            job.images.append(
                .init(imageId: images[index].job.id, tiles: tiles[index], start: span.lowerBound, count: span.count)
            )
        }
        job.sampling = sampling(request.sampling, promptTokens: prompt.ids.count)
        return PreparedRequest(job: job, images: images, tiles: tiles, stop: request.stop)
    }

    private func sampling(_ wanted: SamplingRequest, promptTokens: Int) -> GenerateJob.Sampling {
        var sampling = GenerateJob.Sampling()
        sampling.maxTokens = min(wanted.maxTokens, config.decoder.maxPositions - promptTokens)
        sampling.temperature = wanted.temperature
        sampling.topK = wanted.topK
        sampling.topP = wanted.topP
        sampling.minP = wanted.minP
        sampling.repetitionPenalty = wanted.repetitionPenalty
        sampling.seed = wanted.seed
        sampling.stopIds = [tokenizer.control.imEnd, tokenizer.control.endOfText]
        return sampling
    }

    private func read(_ path: String, relativeTo base: URL) throws -> [UInt8] {
        let url = path.hasPrefix("/") ? URL(fileURLWithPath: path) : base.appendingPathComponent(path)
        return try ImageFile.read(url.path, limits: limits)
    }

    private func tileCount(of bytes: [UInt8], at path: String, _ tiler: Tiler) throws -> Int {
        do {
            return tiler.tileCount(of: try ImageHeader.read(bytes, limits: limits))
        } catch {
            throw ImageFileError(file: path, error)
        }
    }
}
