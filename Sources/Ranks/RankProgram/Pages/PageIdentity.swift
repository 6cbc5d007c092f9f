internal import Checkpoints
internal import Communication
internal import Digests
internal import GroupLink
internal import Kernels
internal import PageFiles
internal import SAILVL2Model
internal import Sharding

extension PageShape {
    /// What this rank's pages are, and what they depend on besides the tokens: the checkpoint and its files, formats, which
    /// heads the rank has, and the build of this executable, whose kernels another may define differently.
    ///
    /// Files count by size and time besides: a fingerprint takes samples, and other weights may agree in all of them. How many
    /// ranks there are, and how the rest of the model is shared, changes no bit of the pages.
    ///
    /// - Parameter formats: of the decoder, and of the vision tower where it has one of its own: pages may hold what
    ///   pictures became.
    init(_ decoder: Qwen3Decoder, _ checkpoint: Checkpoint, formats: [String?], cacheElement: String) {
        let cache = decoder.workspace.cache
        let rank = decoder.communicator.rank
        let heads = decoder.plan.shards[rank].kvHeads
        let parts = [
            "keys and values 2", String(checkpoint.fingerprint, radix: 16), checkpoint.weightFiles(withInodes: false),
            formats.compactMap { $0 }.joined(separator: ", "), cacheElement, "rank \(rank), heads \(heads)",
            Machine.build,
        ]
        self.init(
            layers: cache.layers,
            layerBytes: cache.layout.pageBytes,
            identity: SHA256.digest(Array(parts.joined(separator: "\n").utf8))
        )
    }
}
