import Checkpoints
import Communication
import Foundation
import Kernels
import SAILVL2Model
import Sharding
import TestSupport

@testable import Inference

/// A decoder of one rank in the test's own process, fed with visual tokens that the test gives.
final class SoloDecoder: TileInbox {
    let leader: Leader
    let decoder: Qwen3Decoder
    private(set) var logits: [String: [[Float]]] = [:]
    private var headers: [TileHeader] = []
    private var tiles: [Int32: [Float]] = [:]
    private let hidden: Int
    private let box = TraceBox()

    final class TraceBox { var logits: [String: [[Float]]] = [:] }

    init(
        _ directory: URL,
        cache: KVLayout.Element = .float32,
        chunk: Int = 256,
        maxSequences: Int = 8,
        pages: Int = 64,
        threads: Int = 2
    ) throws {
        let checkpoint = try Checkpoint(directory: directory)
        hidden = checkpoint.config.decoder.hidden
        let plan = try ShardPlan(checkpoint.config.decoder, ranks: 1)
        decoder = Qwen3Decoder(
            checkpoint,
            plan: plan,
            options: DecoderOptions(
                cacheElement: cache, pages: pages, maxRows: chunk + maxSequences, maxLogitsRows: maxSequences
            ),
            communicator: SoloCommunicator(),
            pool: ThreadPool(threads: threads)
        )
        let limits = Scheduler.Limits(
            prefillChunk: chunk, maxSequences: maxSequences, pages: pages, pageTokens: KVLayout.pageTokens,
            maxPositions: checkpoint.config.decoder.maxPositions
        )
        let inbox = QueueInbox()
        let worker = DecoderWorker(decoder: decoder, inbox: inbox)
        let box = box
        leader = Leader(worker: worker, limits: limits, channel: NoFollowers(), inbox: inbox) { trace in
            if case .logits(let id, let row) = trace { box.logits[id, default: []].append(row) }
        }
        queue = inbox
    }

    let queue: QueueInbox

    func nextHeader() throws -> TileHeader? { nil }
    func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) throws {}

    /// Tiles that the test has put in line.
    final class QueueInbox: TileInbox {
        var waiting: [(TileHeader, [Float])] = []
        private var announced: [(TileHeader, [Float])] = []

        func nextHeader() throws -> TileHeader? {
            guard !waiting.isEmpty else { return nil }
            announced.append(waiting.removeFirst())
            return announced.last?.0
        }

        func receive(_ tile: TileHeader, into tokens: UnsafeMutableBufferPointer<Float>) throws {
            guard let index = announced.firstIndex(where: { $0.0 == tile }) else { return }
            for (place, value) in announced.remove(at: index).1.enumerated() { tokens[place] = value }
        }
    }

    /// Runs until every request has ended; returns the tokens by request.
    func run(_ requests: [GenerationRequest]) throws -> [String: [Int32]] {
        var tokens: [String: [Int32]] = [:]
        var open = Set(requests.map(\.id))
        for request in requests {
            if case .refused(let id, _) = leader.submit(request) { open.remove(id) }
        }
        var idleSteps = 0
        while !open.isEmpty, idleSteps < 3 {
            guard let events = try leader.step() else {
                idleSteps += 1
                continue
            }
            for event in events {
                switch event {
                case .token(let id, let token): tokens[id, default: []].append(token)
                case .finished(let id, _): open.remove(id)
                default: break
                }
            }
        }
        logits = box.logits
        return tokens
    }
}

extension GenerationRequest {
    /// A golden conversation as a request; its images get the numbers `firstImage...`.
    init(_ golden: Golden.Case, imageToken: Int32, perTile: Int, firstImage: Int32 = 0, id: String? = nil) {
        var images: [GenerationRequest.Image] = []
        var position = 0
        for (index, tiles) in golden.tiles.enumerated() {
            guard let start = golden.inputIds[position...].firstIndex(of: imageToken) else { break }
            images.append(.init(number: firstImage + Int32(index), positions: start..<(start + tiles * perTile)))
            position = start + tiles * perTile
        }
        self.init(
            id: id ?? golden.name, prompt: golden.inputIds, images: images, maxTokens: golden.tokens.count,
            endTokens: [imageToken - 26], wantsTrace: true
        )
    }
}
