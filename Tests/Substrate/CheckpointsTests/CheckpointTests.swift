import Diagnostics
import Foundation
import JSON
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite("Checkpoint")
struct CheckpointTests {
    @Test("the single-file bfloat16 checkpoint has the shape that its configuration says")
    func miniBF16() throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-bf16"))
        let config = checkpoint.config
        #expect(config.modelName == "mini-bf16")
        #expect(config.decoder.heads == 12 && config.decoder.kvHeads == 4 && config.decoder.headDim == 32)
        #expect(config.decoder.tiedEmbeddings)
        #expect(config.visualTokensPerTile == 4 && config.patchesPerTile == 16)
        #expect(checkpoint.totalBytes == 2_900_704)
        #expect(checkpoint.tensor(TensorNames.head) == nil)
        #expect(checkpoint.required(TensorNames.layer(3).qProj).shape == [384, 128])
        #expect(checkpoint.required(TensorNames.layer(3).qProj).elementType == .bfloat16)
    }

    @Test("the sharded float32 checkpoint has its tensors in two files")
    func miniF32() throws {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        #expect(checkpoint.totalBytes == 1_046_712 + 509_552)
        #expect(checkpoint.tensor(TensorNames.head)?.file == "model-00001-of-00002.safetensors")
        #expect(checkpoint.required(TensorNames.finalNorm).file == "model-00002-of-00002.safetensors")
        #expect(checkpoint.tensor(TensorNames.block(0).qkvBias) == nil)
    }

    /// What Python's `safetensors` reads from the same files: the first numbers of the middle row, and
    /// Σ bits(i)·(i mod 65521 + 1) over all float32 patterns, modulo 2⁶⁴.
    struct Expected: Sendable, CustomTestStringConvertible {
        let directory, tensor: String
        let middle: [Float]
        let checksum: UInt64
        var testDescription: String { "\(directory) \(tensor)" }
    }

    static let valuesFromPython = [
        Expected(
            directory: "mini-bf16",
            tensor: "language_model.model.embed_tokens.weight",
            middle: [0.6171875, -0.4609375, -0.357421875],
            checksum: 0x6FF9_E6D4_67E8_0000
        ),
        Expected(
            directory: "mini-bf16",
            tensor: "language_model.model.layers.1.mlp.down_proj.weight",
            middle: [0.10009765625, -0.034912109375, -0.158203125],
            checksum: 0x1860_F7E6_14A9_0000
        ),
        Expected(
            directory: "mini-bf16",
            tensor: "vision_model.preprocessor.patchifier.proj.weight",
            middle: [0.060546875, 0.0208740234375, 0.0380859375],
            checksum: 0x1490_2604_5C4C_0000
        ),
        Expected(
            directory: "mini-f32",
            tensor: "language_model.model.embed_tokens.weight",
            middle: [-0.5211979746818542, 1.0882154703140259, -0.18684455752372742],
            checksum: 0x23C4_E391_5E8A_381B
        ),
        Expected(
            directory: "mini-f32",
            tensor: "mlp1.1.weight",
            middle: [-0.05358339473605156, -0.06747996807098389, 0.005481550004333258],
            checksum: 0x022D_B59D_E0B6_AC1F
        ),
    ]

    @Test("tensors hold what Python reads from them", arguments: valuesFromPython)
    func values(expected: Expected) throws {
        let tensor = try Checkpoint(directory: Fixtures.url(expected.directory)).required(expected.tensor)
        let middle = tensor.rowCount / 2
        #expect(Array(tensor.floats(rows: middle..<middle + 1).prefix(3)) == expected.middle)
        let numbers = tensor.floats()
        #expect(numbers.count == tensor.shape.reduce(1, *))
        let checksum = numbers.enumerated().reduce(UInt64(0)) {
            $0 &+ UInt64($1.element.bitPattern) &* UInt64($1.offset % 65521 + 1)
        }
        #expect(checksum == expected.checksum)
    }

    @Test("a needed tensor that the files lack is named, with the shape it should have")
    func missingTensor() throws {
        try Edited.checkpoint("mini-f32") { directory in
            let config = directory.appendingPathComponent("config.json")
            try Edited.json(config) { $0.set("llm_config.num_hidden_layers", .integer(5)) }
            let error = CheckpointError.tensorMissing(
                tensor: "language_model.model.layers.3.input_layernorm.weight",
                shape: [64],
                place: "model.safetensors.index.json"
            )
            #expect(throws: error) { try Checkpoint(directory: directory) }
        }
    }

    @Test("a tensor of another shape is named, with both shapes")
    func wrongShape() throws {
        try Edited.checkpoint("mini-bf16") { directory in
            let config = directory.appendingPathComponent("config.json")
            try Edited.json(config) { $0.set("llm_config.intermediate_size", .integer(192)) }
            let error = CheckpointError.shape(
                file: "model.safetensors",
                tensor: "language_model.model.layers.0.mlp.gate_proj.weight",
                expected: [192, 128],
                found: [320, 128]
            )
            #expect(throws: error) { try Checkpoint(directory: directory) }
            #expect(error.exitCode == .checkpoint)
        }
    }

    @Test("a bias is needed when the configuration turns it on, and used when the file has it")
    func biases() throws {
        try Edited.checkpoint("mini-bf16") { directory in
            let config = directory.appendingPathComponent("config.json")
            try Edited.json(config) { $0.set("vision_config.qkv_bias", .bool(true)) }
            #expect(throws: CheckpointError.self) { try Checkpoint(directory: directory) }
            let weights = directory.appendingPathComponent("model.safetensors")
            try Edited.appendTensor("vision_model.trunk.blocks.0.attn.qkv.bias", "BF16", [192], to: weights)
            try Edited.appendTensor("vision_model.trunk.blocks.1.attn.qkv.bias", "BF16", [192], to: weights)
            let turnedOn = try Checkpoint(directory: directory)
            #expect(turnedOn.required(TensorNames.block(1).qkvBias).floats() == Array(repeating: 0, count: 192))
            try Edited.json(config) { $0.set("vision_config.qkv_bias", .bool(false)) }
            #expect(try Checkpoint(directory: directory).tensor(TensorNames.block(1).qkvBias)?.shape == [192])
        }
    }

    @Test("a type that the runtime does not compute with is an error only where it is needed")
    func elementTypes() throws {
        try Edited.checkpoint("mini-bf16") { directory in
            let weights = directory.appendingPathComponent("model.safetensors")
            try Edited.appendTensor("something.else", "I64", [3], to: weights)
            _ = try Checkpoint(directory: directory)
            // Two bytes an element, as bfloat16 has: the file stays consistent.
            try Edited.header(weights) { $0.set(["mlp1.0.weight", "dtype"], .string("I16")) }
            let error = CheckpointError.elementType(file: "model.safetensors", tensor: "mlp1.0.weight", found: "I16")
            #expect(throws: error) { try Checkpoint(directory: directory) }
        }
    }

    @Test("features from an inner block do not need the blocks after it, nor the final norm")
    func innerFeatureLayer() throws {
        try Edited.checkpoint("mini-f32") { directory in
            let config = directory.appendingPathComponent("config.json")
            try Edited.json(config) { $0.set("select_layer", .integer(-2)) }
            let checkpoint = try Checkpoint(directory: directory)
            #expect(checkpoint.config.featureLayer == .block(1))
            #expect(checkpoint.tensor(TensorNames.block(2).norm1) == nil)
            #expect(checkpoint.tensor(TensorNames.postTrunkNorm) == nil)
            #expect(checkpoint.tensor(TensorNames.block(1).norm1) != nil)
        }
    }
}
