/// A tensor that a model of a given shape has.
package struct ExpectedTensor: Sendable, Equatable {
    /// What a tensor does, which decides how random weights are drawn for it.
    package enum Role: Sendable { case matrix, embedding, norm, bias }

    package let name: String
    package let shape: [Int]
    package let role: Role
    /// An optional tensor is used where the file has it.
    package let isRequired: Bool
    /// Columns of a leaf of a row-parallel product; `nil` where columns are not cut.
    package let leafColumns: Int?

    init(_ name: String, _ shape: [Int], _ role: Role = .matrix, isRequired: Bool = true, leafColumns: Int? = nil) {
        (self.name, self.shape, self.role, self.isRequired) = (name, shape, role, isRequired)
        self.leafColumns = leafColumns
    }

    /// Whether a quantised format holds it quantised: a matrix of the decoder, the embedding and the head included.
    package var isQuantisable: Bool {
        name.hasPrefix(TensorNames.decoderPrefix) && (role == .matrix || role == .embedding)
    }
}

extension ModelConfig {
    /// Every tensor that the model computes with, in the order of the computation.
    package var expectedTensors: [ExpectedTensor] {
        let blocks = (0..<visionBlocksUsed).flatMap(expectedVisionBlock)
        let layers = (0..<decoder.layers).flatMap(expectedDecoderLayer)
        return expectedVisionEnds + blocks + expectedProjector + expectedDecoderEnds + layers
    }

    private var expectedDecoderEnds: [ExpectedTensor] {
        let table = [decoder.vocabulary, decoder.hidden]
        var tensors = [
            ExpectedTensor(TensorNames.embedding, table, .embedding),
            ExpectedTensor(TensorNames.finalNorm, [decoder.hidden], .norm),
        ]
        if !decoder.tiedEmbeddings { tensors.append(ExpectedTensor(TensorNames.head, table, .embedding)) }
        return tensors
    }

    private func expectedDecoderLayer(_ index: Int) -> [ExpectedTensor] {
        let names = TensorNames.layer(index)
        let (hidden, intermediate) = (decoder.hidden, decoder.intermediate)
        let (query, keyValue) = (decoder.heads * decoder.headDim, decoder.kvHeads * decoder.headDim)
        return [
            ExpectedTensor(names.inputNorm, [hidden], .norm),
            ExpectedTensor(names.qProj, [query, hidden]),
            ExpectedTensor(names.kProj, [keyValue, hidden]),
            ExpectedTensor(names.vProj, [keyValue, hidden]),
            ExpectedTensor(names.qNorm, [decoder.headDim], .norm),
            ExpectedTensor(names.kNorm, [decoder.headDim], .norm),
            ExpectedTensor(names.oProj, [hidden, query], leafColumns: decoder.headDim),
            ExpectedTensor(names.postAttentionNorm, [hidden], .norm),
            ExpectedTensor(names.gateProj, [intermediate, hidden]),
            ExpectedTensor(names.upProj, [intermediate, hidden]),
            ExpectedTensor(names.downProj, [hidden, intermediate], leafColumns: decoder.mlpBlock),
        ]
    }

    private var expectedVisionEnds: [ExpectedTensor] {
        let (hidden, side) = (vision.hidden, vision.patchSize)
        var tensors = [
            ExpectedTensor(TensorNames.patchWeight, [hidden, 3, side, side]),
            ExpectedTensor(TensorNames.patchBias, [hidden], .bias),
            ExpectedTensor(TensorNames.patchNorm, [hidden], .norm),
            ExpectedTensor(TensorNames.positions, [1, patchesPerTile, hidden], .embedding),
        ]
        if featureLayer == .lastNormed { tensors.append(ExpectedTensor(TensorNames.postTrunkNorm, [hidden], .norm)) }
        return tensors
    }

    /// A bias that the configuration turns on must be there; one that is there is used in any case.
    private func expectedVisionBlock(_ index: Int) -> [ExpectedTensor] {
        let names = TensorNames.block(index)
        let (hidden, intermediate) = (vision.hidden, vision.intermediate)
        return [
            ExpectedTensor(names.norm1, [hidden], .norm),
            ExpectedTensor(names.qkvWeight, [3 * hidden, hidden]),
            ExpectedTensor(names.qkvBias, [3 * hidden], .bias, isRequired: vision.qkvBias),
            ExpectedTensor(names.projWeight, [hidden, hidden]),
            ExpectedTensor(names.projBias, [hidden], .bias, isRequired: vision.useBias),
            ExpectedTensor(names.norm2, [hidden], .norm),
            ExpectedTensor(names.fc1Weight, [intermediate, hidden]),
            ExpectedTensor(names.fc1Bias, [intermediate], .bias, isRequired: vision.useBias),
            ExpectedTensor(names.fc2Weight, [hidden, intermediate]),
            ExpectedTensor(names.fc2Bias, [hidden], .bias, isRequired: vision.useBias),
            ExpectedTensor(names.fc3Weight, [intermediate, hidden]),
            ExpectedTensor(names.fc3Bias, [intermediate], .bias, isRequired: vision.useBias),
        ]
    }

    private var expectedProjector: [ExpectedTensor] {
        let (merged, hidden) = (mergedFeatures, decoder.hidden)
        return [
            ExpectedTensor(TensorNames.projectorNormWeight, [merged], .norm),
            ExpectedTensor(TensorNames.projectorNormBias, [merged], .bias),
            ExpectedTensor(TensorNames.projectorInputWeight, [hidden, merged]),
            ExpectedTensor(TensorNames.projectorInputBias, [hidden], .bias),
            ExpectedTensor(TensorNames.projectorOutputWeight, [hidden, hidden]),
            ExpectedTensor(TensorNames.projectorOutputBias, [hidden], .bias),
        ]
    }
}
