import Checkpoints
import Foundation
import Kernels
import Sharding
import TestSupport
import Testing

@testable import SAILVL2Model

/// A shard's weights have the bits of the whole matrix's, from whatever file and wherever they are kept.
@Suite("WeightLoader")
struct WeightLoaderTests {
    static let cases = PackedFixtures.models.flatMap { model in
        WeightFormat.quantised.map { (model, $0) }
    }

    @Test("every shard's rows and columns are those of the whole matrix", arguments: cases)
    func shards(model: String, format: WeightFormat) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try PackedFixtures.plain(model, in: directory)
            let packed = try PackedFixtures.packed(plain, format, in: directory)
            let config = plain.config.decoder
            let names = TensorNames.layer(config.layers - 1)
            let whole = Self.loader(plain, format)
            let (q, k) = (try Self.whole(whole, names.qProj), try Self.whole(whole, names.kProj))
            let gate = try Self.whole(whole, names.gateProj)
            let embedding = try Self.whole(whole, TensorNames.embedding)
            let o = try Self.values(whole.columns(names.oProj, 0..<q.count, leafColumns: config.headDim))
            let down = try Self.values(whole.columns(names.downProj, 0..<gate.count, leafColumns: config.mlpBlock))
            #expect(Set(q.joined()).count > 50)
            for ranks in 1...4 {
                let plan = try ShardPlan(config, ranks: ranks)
                for shard in plan.shards {
                    for (checkpoint, placement) in [(plain, .copy), (packed, .copy), (packed, .map), (packed, .lock)]
                        as [(Checkpoint, WeightPlacement)]
                    {
                        let loader = Self.loader(checkpoint, format, placement)
                        let dim = config.headDim
                        let queries = shard.queryHeads.lowerBound * dim..<shard.queryHeads.upperBound * dim
                        let keys = shard.kvHeads.lowerBound * dim..<shard.kvHeads.upperBound * dim
                        let qk = try loader.rows([(names.qProj, queries), (names.kProj, keys)]).map(Self.values)
                        #expect(qk == [Array(q[queries]), Array(k[keys])])
                        let rows = shard.mlpRows
                        if !rows.isEmpty {
                            #expect(try Self.values(loader.rows([(names.gateProj, rows)])[0]) == Array(gate[rows]))
                            let part = try loader.columns(names.downProj, rows, leafColumns: config.mlpBlock)
                            #expect(Self.values(part) == down.map { Array($0[rows]) })
                        }
                        let part = try loader.columns(names.oProj, queries, leafColumns: dim)
                        #expect(Self.values(part) == o.map { Array($0[queries]) })
                        let tokens = shard.vocabularyRows
                        let table = try Self.values(loader.rows([(TensorNames.embedding, tokens)])[0])
                        #expect(table == Array(embedding[tokens]))
                    }
                }
            }
        }
    }

    private static func loader(
        _ checkpoint: Checkpoint,
        _ format: WeightFormat,
        _ placement: WeightPlacement = .copy
    ) -> WeightLoader {
        WeightLoader(
            checkpoint,
            PackedFixtures.options(format, placement),
            byteCount: 4 << 20,
            pool: ThreadPool(threads: 2)
        )
    }

    private static func whole(_ loader: WeightLoader, _ name: String) throws -> [[Float]] {
        values(try loader.rows([(name, 0..<loader.checkpoint.required(name).rowCount)])[0])
    }

    private static func values(_ matrix: PackedMatrix) -> [[Float]] {
        (0..<matrix.rows).map { row in
            var numbers = [Float](repeating: .nan, count: matrix.columns)
            matrix.row(row, into: &numbers)
            return numbers
        }
    }

    @Test("weights in bf16 are the stored ones, rounded to nearest", arguments: PackedFixtures.models)
    func rounded(model: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            let plain = try PackedFixtures.plain(model, in: directory)
            let names = TensorNames.layer(0)
            let loader = Self.loader(plain, .bf16)
            func nearest(_ name: String) -> [[Float]] {
                let stored = plain.required(name)
                return (0..<stored.rowCount).map { row in
                    stored.floats(rows: row..<row + 1).map { number in
                        let bits = number.bitPattern
                        return Float(bitPattern: (bits + 0x7fff + (bits >> 16) & 1) & 0xffff_0000)
                    }
                }
            }
            let (gate, up, down) = (nearest(names.gateProj), nearest(names.upProj), nearest(names.downProj))
            let rows = 5..<gate.count - 3
            let both = try loader.rows([(names.gateProj, rows), (names.upProj, rows)])
            #expect(both.map(Self.values) == [Array(gate[rows] + up[rows])])
            let part = try loader.columns(names.downProj, rows, leafColumns: 8)
            #expect(Self.values(part) == down.map { Array($0[rows]) })
            #expect(part.storage == .bfloat16Pairs && both[0].storage == .bfloat16Pairs)
        }
    }

    @Test("a quantised weight is near the stored one", arguments: [(WeightFormat.q8, 1 / 127), (.q4, 1 / 7)])
    func near(format: WeightFormat, step: Float) throws {
        let plain = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let name = TensorNames.layer(1).upProj
        let stored = plain.required(name)
        let quantised = try Self.whole(Self.loader(plain, format), name)
        for row in [0, 15, 16, stored.rowCount - 1] {
            let numbers = stored.floats(rows: row..<row + 1)
            for group in stride(from: 0, to: numbers.count, by: 32) {
                let part = group..<min(group + 32, numbers.count)
                let largest = numbers[part].map(abs).max() ?? 0
                for column in part {
                    #expect(abs(quantised[row][column] - numbers[column]) <= 1.01 * step * largest)
                }
            }
        }
    }
}
