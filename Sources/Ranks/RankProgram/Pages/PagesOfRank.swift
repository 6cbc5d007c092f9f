internal import Checkpoints
internal import Communication
internal import Inference
internal import Kernels
internal import PageFiles
internal import Requests
internal import SAILVL2Model

/// What a decoder rank has on its disk, and what all of them have.
struct PagesOfRank {
    let store: PageStore
    private let index: DiskIndex

    /// Opens the directory that the options name; `nil` where they name none, or not every rank has one.
    ///
    /// Collective over the decoder ranks.
    init?(
        _ decoder: Qwen3Decoder,
        _ checkpoint: Checkpoint,
        _ options: RankOptions,
        _ format: WeightFormat,
        _ endpoint: any RankEndpoint
    ) throws {
        guard let directory = options.pageDirectory else { return nil }
        let element = RankOptions.name(of: options.cacheElement)
        let meeting = PageMeeting(
            shape: PageShape(
                decoder,
                checkpoint,
                formats: [format.rawValue, options.ownVisionFormat(beside: format).map { "vision \($0)" }],
                cacheElement: element
            ),
            directory: directory,
            limit: options.pageDirectoryBytes,
            communicator: decoder.communicator,
            endpoint: endpoint
        )
        guard let agreement = try meeting.run() else { return nil }
        store = PageStore(agreement.directory, cache: decoder.workspace.cache)
        index = DiskIndex(
            capacity: agreement.capacity,
            ranks: decoder.communicator.size,
            pageBytes: agreement.pageBytes,
            stored: agreement.stored
        )
        guard decoder.communicator.rank == 0 else { return }
        // Before anybody is told that the group is ready: what the disks have counts as cached from the first request on.
        for report in index.reports { endpoint.send(.step(report)) }
        let (count, most) = (index.figures.pages, index.figures.capacity)
        endpoint.send(.log("pages on disk: \(count) of at most \(most), of \(shown(agreement.pageBytes)) each"))
    }

    /// Ends what moves pages; see ``PageStore``.
    func close() { store.close() }

    /// - Parameter decoders: `nil` for a group of one.
    func forLeader(_ decoders: MPICommunicator?) -> PagesOnDisk {
        let inbox: any PageInbox = decoders.map { MPIPageInbox(store, $0) } ?? OwnPageInbox(store)
        return PagesOnDisk(index, inbox: inbox)
    }
}

extension DiskIndex {
    private static let keysOfReport = 4096

    /// The pages that can be had, as the process in front hears of them.
    fileprivate var reports: [StepReport] {
        let keys = keys
        return stride(from: 0, to: keys.count, by: Self.keysOfReport).map { start in
            var report = StepReport()
            report.keptPages = Array(keys[start..<min(start + Self.keysOfReport, keys.count)])
            report.load.disk = figures
            return report
        }
    }
}

/// Bytes as people read them.
private func shown(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
}
