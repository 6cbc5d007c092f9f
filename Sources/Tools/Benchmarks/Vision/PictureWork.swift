package import Checkpoints
internal import Scaling
internal import Sharding

/// Floating-point operations between a picture's tiles and the first token of an answer, from the configuration alone.
///
/// Products count, as everywhere: decoding, resizing, norms and activations are no part of it.
package struct PictureWork: Sendable, Equatable {
    /// Of all tiles.
    package let tower, projector: Double
    /// Of the layers' products over the whole prompt and of one row of logits; and of attention.
    package let products, attention: Double

    /// - Parameters:
    ///   - tiles: the thumbnail included.
    ///   - text: tokens of the prompt besides visual ones.
    package init(_ config: ModelConfig, tiles: Int, text: Int) throws {
        let ofTile = VisionProduct.ofTile(config)
        projector = Double(tiles) * ofTile.filter(\.isProjectors).reduce(0) { $0 + $1.operations }
        tower = Double(tiles) * ofTile.filter { !$0.isProjectors }.reduce(0) { $0 + $1.operations }
        let tokens = tiles * config.visualTokensPerTile + text
        let plan = try ShardPlan(config.decoder, ranks: 1)
        let step = StepWork(config.decoder, shard: plan.shards[0])
        products = step.productOperations(tokens: tokens)
        attention = step.attentionOperations(tokens: tokens, context: 0)
    }

    package var total: Double { tower + projector + products + attention }
}
