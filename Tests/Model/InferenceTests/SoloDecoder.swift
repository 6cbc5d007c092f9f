import Checkpoints
import Communication
import Foundation
import Kernels
import PageFiles
import Requests
import SAILVL2Model
import Sharding
import TestSupport

@testable import Inference

/// A decoder of one rank in the test's own process, fed with visual tokens that the test gives.
final class SoloDecoder: TileInbox {
    let leader: Leader
    let decoder: Qwen3Decoder
    private(set) var logits: [String: [[Float]]] = [:]
    private(set) var failures: [String: RankFailure] = [:]
    private(set) var endings: [String: Scheduler.Ending] = [:]
    private(set) var preempted: [String] = []
    private(set) var drafts = (drafted: 0, accepted: 0)
    private(set) var logprobs: [TokenLogprobs] = []
    private var headers: [TileHeader] = []
    private var tiles: [Int32: [Float]] = [:]
    private let hidden: Int
    private let box = TraceBox()

    final class TraceBox { var logits: [String: [[Float]]] = [:] }

    init(
        _ directory: URL,
        format: WeightFormat = .native,
        cache: KVLayout.Element = .float32,
        chunk: Int = 256,
        maxSequences: Int = 8,
        pages: Int = 64,
        threads: Int = 2,
        draftRows: Int = 0,
        formats: FormatDesk? = nil,
        pagesOnDisk: URL? = nil
    ) throws {
        let checkpoint = try Checkpoint(directory: directory)
        hidden = checkpoint.config.decoder.hidden
        let plan = try ShardPlan(checkpoint.config.decoder, ranks: 1)
        let limits = Scheduler.Limits(
            prefillChunk: chunk,
            maxSequences: maxSequences,
            pages: pages,
            pageTokens: KVLayout.pageTokens,
            maxPositions: checkpoint.config.decoder.maxPositions,
            draftRows: draftRows
        )
        decoder = try Qwen3Decoder(
            checkpoint,
            plan: plan,
            options: DecoderOptions(
                cacheElement: cache,
                pages: pages,
                maxRows: limits.maxRows,
                maxLogitsRows: limits.maxLogitsRows,
                format: format
            ),
            communicator: SoloCommunicator(),
            pool: ThreadPool(threads: threads)
        )
        let inbox = QueueInbox()
        let memory = decoder.workspace.cache
        let kept = try pagesOnDisk.map { try Self.open($0, memory, "\(format) \(cache)") }
        store = kept?.store
        let worker = DecoderWorker(decoder: decoder, inbox: inbox, storage: store)
        let box = box
        leader = Leader(
            worker: worker,
            limits: limits,
            channel: NoFollowers(),
            inbox: inbox,
            formats: formats,
            pages: kept.map { PagesOnDisk($0.index, inbox: OwnPageInbox($0.store)) }
        ) { trace in
            if case .logits(let id, let row) = trace { box.logits[id, default: []].append(row) }
        }
        queue = inbox
        leader.learnsCosts = false
    }

    let queue: QueueInbox
    private let store: PageStore?

    private static func open(
        _ directory: URL,
        _ cache: KVCachePages,
        _ identity: String
    ) throws -> (store: PageStore, index: DiskIndex) {
        var bytes = Array(identity.utf8.prefix(32))
        bytes += Array(repeating: 0, count: 32 - bytes.count)
        let shape = PageShape(layers: cache.layers, layerBytes: cache.layout.pageBytes, identity: bytes)
        guard let opened = try PageDirectory(shape, in: directory.path, slot: 0) else { throw PageFailure.refused }
        let index = DiskIndex(capacity: 1000, ranks: 1, pageBytes: shape.diskBytes, stored: opened.keys)
        return (PageStore(opened, cache: cache), index)
    }

    /// Keeps what is to be kept, and lets the directory go.
    func end() throws {
        try leader.keepPages { true }
        store?.close()
    }

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

    /// Runs until every request has ended, and those named besides; returns the tokens by request.
    func run(_ requests: [GenerateJob], until others: Set<String> = []) throws -> [String: [Int32]] {
        var tokens: [String: [Int32]] = [:]
        var open = others.union(requests.map(\.id))
        for request in requests {
            if leader.submit(request) != nil { open.remove(request.id) }
        }
        var idleSteps = 0
        while !open.isEmpty, idleSteps < 3 {
            guard let outcome = try leader.step() else {
                if leader.scheduler.isAwaitingPages { usleep(200) } else { idleSteps += 1 }
                continue
            }
            idleSteps = 0
            for new in outcome.report.tokens {
                tokens[new.id, default: []] += new.ids
                logprobs += new.logprobs
                drafts.drafted += new.draft?.drafted ?? 0
                drafts.accepted += new.draft?.accepted ?? 0
            }
            for ending in outcome.endings {
                endings[ending.id] = ending
                open.remove(ending.id)
            }
            for failure in outcome.failures {
                guard let id = failure.id else { continue }
                failures[id] = failure
                open.remove(id)
            }
            preempted += outcome.report.preempted
        }
        logits = box.logits
        return tokens
    }
}

extension GenerateJob {
    /// A golden conversation as a request; its images get the numbers `firstImage...`.
    init(_ golden: Golden.Case, imageToken: Int32, perTile: Int, firstImage: Int32 = 0, id: String? = nil) {
        var images: [GenerateJob.Image] = []
        var position = 0
        for (index, tiles) in golden.tiles.enumerated() {
            guard let start = golden.inputIds[position...].firstIndex(of: imageToken) else { break }
            let name = "\(golden.name) \(index)"
            images.append(
                .init(
                    number: firstImage + Int32(index),
                    contentKey: name,
                    tiles: tiles,
                    start: start,
                    count: tiles * perTile
                )
            )
            position = start + tiles * perTile
        }
        self.init(
            id: id ?? golden.name,
            promptIds: golden.inputIds,
            images: images,
            trace: true
        )
        sampling.maxTokens = golden.tokens.count
        stopIds = [imageToken - 26]
    }
}
