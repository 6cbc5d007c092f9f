internal import Checkpoints
internal import Diagnostics
internal import Digests
internal import Foundation
internal import Frontend
internal import GroupLink
internal import ImagePreprocessing
internal import NIOPosix
internal import RankProgram
internal import Requests
internal import ServingCore
internal import Tokenization
internal import WireProtocol

/// Makes requests ready for the ranks, on threads beside the coordinator's loop: parses, tokenises, counts tiles.
final class PreparationDesk: Sendable {
    /// Threads that its pool should have.
    static var threads: Int { DeskLine<Void>.threads }

    private let preparer: RequestPreparer
    let tokenizer: Tokenizer
    private let pool: NIOThreadPool
    private let limits: ServerLimits
    private let imageDirectory: URL?
    /// Tokens that the prompt and the answer of a request may have together.
    let maxContext: Int
    /// Tokens of a page of the KV cache.
    let pageTokens = RankOptions.pageTokens

    init(_ checkpoint: Checkpoint, tokenizer: Tokenizer, options: CoordinatorOptions, pool: NIOThreadPool) {
        self.tokenizer = tokenizer
        self.pool = pool
        limits = options.limits
        imageDirectory = options.imageDirectory?.resolvingSymlinksInPath()
        maxContext = min(checkpoint.config.decoder.maxPositions, options.rankOptions.cacheTokens)
        preparer = RequestPreparer(checkpoint.config, tokenizer: tokenizer, maxPixels: options.limits.maxPixels)
    }

    /// A GENERATE, ready to be admitted.
    func prepare(
        _ json: String,
        blobs: [Int: [UInt8]],
        pictures: PictureStore
    ) async throws(RequestError) -> Preparation {
        try await onPool { () throws(RequestError) in
            try self.preparation(try GenerateBody(json: json), blobs: blobs, pictures: pictures)
        }
    }

    /// The same on the thread of the caller.
    func preparation(
        _ body: GenerateBody,
        blobs: [Int: [UInt8]] = [:],
        pictures: PictureStore
    ) throws(RequestError) -> Preparation {
        let prepared = try prepared(body, blobs: blobs, pictures: pictures)
        try checkBiases(body.options.sampling)
        let length = prepared.promptIds.count
        guard length < maxContext else {
            let what = "the prompt has \(length) tokens, and there is room for \(maxContext) with the answer"
            var error = RequestError(.tooLong, what + "; shorten the conversation, or let pictures have fewer tiles")
            error.promptTokens = length
            throw error
        }
        return Preparation(
            options: body.options,
            request: prepared,
            pageKeys: prepared.pageKeys(pageTokens: pageTokens),
            maxTokens: min(body.options.sampling.maxTokens, maxContext - length),
            seed: body.options.seed ?? RequestOptions.drawnSeed()
        )
    }

    /// A token that there is not would be passed over in silence, and is somebody's mistake.
    private func checkBiases(_ sampling: Sampling) throws(RequestError) {
        let size = tokenizer.vocabularySize
        guard let odd = sampling.logitBias.first(where: { $0.id >= size }) else { return }
        throw RequestError(.badArgument, "logit_bias names the token \(odd.id), expected 0 to \(size - 1)")
    }

    /// What COUNT answers with.
    func count(_ json: String, blobs: [Int: [UInt8]], pictures: PictureStore) async throws(RequestError) -> String {
        try await onPool { () throws(RequestError) in
            Self.countReply(try self.prepared(try GenerateBody(json: json), blobs: blobs, pictures: pictures))
        }
    }

    static func countReply(_ prepared: PreparedRequest) -> String {
        StatsReport.json(
            CountReply(
                promptTokens: prepared.promptIds.count,
                imageTokens: prepared.imageTokens,
                tiles: prepared.tiles,
                grid: prepared.grids.map(\.first),
                secondGrid: prepared.grids.contains { $0.second != nil } ? prepared.grids.map(\.second) : nil
            )
        )
    }

    private struct CountReply: Encodable {
        var promptTokens: Int
        var imageTokens: Int
        var tiles: [Int]
        var grid: [[Int]]
        var secondGrid: [[Int]?]?
    }

    func tokenize(_ json: String) async throws(RequestError) -> String {
        try await onPool { () throws(RequestError) in
            let body = try TokenizeBody(json: json)
            let ids = self.tokenizer.encode(body.text, allowingControlTokens: body.special)
            return StatsReport.json(["ids": ids])
        }
    }

    func detokenize(_ json: String) async throws(RequestError) -> String {
        try await onPool { () throws(RequestError) in
            let body = try DetokenizeBody(json: json)
            let size = self.tokenizer.vocabularySize
            if let odd = body.ids.first(where: { !(0..<Int32(size)).contains($0) }) {
                throw RequestError(.badArgument, "ids holds \(odd), expected 0 to \(size - 1)")
            }
            return StatsReport.json(["text": self.tokenizer.decode(body.ids)])
        }
    }

    /// Runs `work` on a thread of the pool.
    func onPool<Value: Sendable>(
        _ work: @escaping @Sendable () throws(RequestError) -> Value
    ) async throws(RequestError) -> Value {
        do {
            return try await pool.runIfActive { try work() }
        } catch {
            throw error as? RequestError ?? RequestError(.internal, "the request could not be prepared: \(error)")
        }
    }

    // MARK: - Conversations

    func prepared(
        _ body: GenerateBody,
        blobs: [Int: [UInt8]],
        pictures: PictureStore
    ) throws(RequestError) -> PreparedRequest {
        var references: [ImageReference] = []
        var messages: [ChatMessage] = []
        if let prompt = body.prompt {
            references = blobs.keys.sorted().map { .blob($0) }
            let parts = references.indices.map { ChatMessage.Part.image(String($0)) } + [.text(prompt)]
            messages = [ChatMessage(role: .user, parts: parts)]
        } else {
            messages = (body.messages ?? []).map { message in
                let parts = message.parts.map { part -> ChatMessage.Part in
                    switch part {
                    case .text(let text): return .text(text)
                    case .image(let reference, let orient):
                        references.append(reference)
                        return .image(String(references.count - 1), orient: orient)
                    }
                }
                return ChatMessage(role: ChatMessage.Role(rawValue: message.role) ?? .user, parts: parts)
            }
        }
        guard references.count <= limits.images else {
            throw RequestError(
                .tooManyImages,
                "the request has \(references.count) pictures, at most \(limits.images) are taken"
            )
        }
        var bytes: [[UInt8]] = []
        for reference in references { bytes.append(try find(reference, blobs, pictures)) }
        do {
            return try preparer.prepare(
                ConversationRequest(id: "", messages: messages, options: body.options),
                images: bytes
            )
        } catch {
            throw Self.wireError(error)
        }
    }

    private func find(
        _ reference: ImageReference,
        _ blobs: [Int: [UInt8]],
        _ pictures: PictureStore
    ) throws(RequestError) -> [UInt8] {
        switch reference {
        case .data(let bytes): return bytes
        case .blob(let index):
            guard let bytes = blobs[index] else {
                throw RequestError(.badArgument, "blob \(index) was not sent before the request")
            }
            return bytes
        case .sha256(let digest):
            var pictures = pictures
            guard let bytes = pictures.bytes(digest: digest) else {
                throw RequestError(.badImage, "no picture with the digest \(digest) is kept; send it again")
            }
            return bytes
        case .path(let path): return try read(path)
        }
    }

    /// A picture below the allowed directory, links followed first.
    private func read(_ path: String) throws(RequestError) -> [UInt8] {
        guard let imageDirectory else {
            throw RequestError(
                .badArgument,
                "pictures by path are not allowed; the operator may, with --image-directory"
            )
        }
        let base = imageDirectory.path
        let full = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: base + "/")).resolvingSymlinksInPath()
        guard full.path.hasPrefix(base.hasSuffix("/") ? base : base + "/") else {
            throw RequestError(.badArgument, "the path \(path) is not below the allowed directory")
        }
        // Where the directory is on this machine is not told; and a pipe that nobody writes to would hold the thread.
        let kind = try? FileManager.default.attributesOfItem(atPath: full.path)[.type] as? FileAttributeType
        guard kind == .typeRegular else { throw RequestError(.badImage, "\(path): there is no such file") }
        do throws(ImageFileError) {
            return try ImageFile.read(full.path, limits: ImageLimits(maxBytes: limits.blobBytes))
        } catch {
            throw RequestError(.badImage, error.description.replacing(full.path, with: path))
        }
    }

    /// What went wrong with a conversation, by its code.
    private static func wireError(_ error: any Error) -> RequestError {
        let error = error as? any OperatorError
        let what = (error?.description ?? "the request could not be prepared") + (error?.hint.map { "; \($0)" } ?? "")
        switch error {
        case let error as PictureError:
            // Pictures of a request have no names but their places.
            let what = "picture \(what)"
            switch error.cause {
            case .tooManyBytes, .tooManyPixels, .tooLong: return RequestError(.imageTooBig, what)
            default: return RequestError(.badImage, what)
            }
        case let error as PromptTooLongError:
            var tooLong = RequestError(.tooLong, what)
            tooLong.promptTokens = error.tokens
            return tooLong
        case is UsageError: return RequestError(.badArgument, what)
        default: return RequestError(.internal, what)
        }
    }
}
