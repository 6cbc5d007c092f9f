internal import Checkpoints
internal import Communication
internal import Digests
internal import Foundation
internal import GroupLink
internal import Kernels
internal import PageFiles
internal import SAILVL2Model
internal import Sharding

extension PageShape {
    /// What this rank's pages are, and what they depend on besides the tokens: the checkpoint and its files, formats, which
    /// heads the rank has, and the build of this executable, whose kernels another may define differently.
    ///
    /// How many ranks there are, and how the rest of the model is shared, changes no bit of them.
    init(_ decoder: Qwen3Decoder, _ checkpoint: Checkpoint, format: WeightFormat, cacheElement: String) {
        let cache = decoder.workspace.cache
        let rank = decoder.communicator.rank
        let heads = decoder.plan.shards[rank].kvHeads
        let parts = [
            "keys and values 1", String(checkpoint.fingerprint, radix: 16), Self.files(of: checkpoint),
            format.rawValue, cacheElement, "rank \(rank), heads \(heads)", Machine.build,
        ]
        self.init(
            layers: cache.layers,
            layerBytes: cache.layout.pageBytes,
            identity: SHA256.digest(Array(parts.joined(separator: "\n").utf8))
        )
    }

    /// The files of the weights and since when they are there: a fingerprint takes samples, and other weights may agree in
    /// all of them.
    private static func files(of checkpoint: Checkpoint) -> String {
        let directory = checkpoint.directory.path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") }.sorted().map { name in
            var status = stat()
            guard stat("\(directory)/\(name)", &status) == 0 else { return name }
            return "\(name) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        }.joined(separator: ", ")
    }
}
