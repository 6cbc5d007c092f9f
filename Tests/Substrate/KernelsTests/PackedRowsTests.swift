import CKernels
import TestSupport
import Testing

@testable import Kernels

@Suite("Packed activations")
struct PackedRowsTests {
    private let width = 43

    /// The words of `[tokens, width]`, stored by `columnsAtOnce` columns, on several threads at once.
    private func words(
        _ x: [Float],
        columnsAtOnce: Int,
        _ element: PackedRows.Element,
        _ kernels: KernelSet
    ) -> [UInt32] {
        var x = x
        let tokens = x.count / width
        let count = tokens * element.words(width: width, kernels: kernels)
        let memory = ScratchMemory(byteCount: 4 * count)
        memory.floats.update(repeating: .nan, count: count)
        let packed = PackedRows(memory.floats, count: tokens, width: width, element: element, kernels: kernels)
        x.withRows(tokens, width: width) { x in
            ThreadPool(threads: 3).run((width + columnsAtOnce - 1) / columnsAtOnce) { part in
                let columns = part * columnsAtOnce..<min((part + 1) * columnsAtOnce, width)
                packed.store(x.columns(columns), tiles: 0..<packed.tiles, firstColumn: columns.lowerBound)
            }
        }
        return (0..<count).map { memory.floats[$0].bitPattern }
    }

    @Test("are what ck_pack_tile makes of all columns, however few come at once", arguments: everySet, [1, 7, 13, 50])
    func wholeTiles(kernels: KernelSet, tokens: Int) {
        var random = SeededRandom(seed: UInt64(tokens))
        let x = random.floats(tokens * width)
        for element in [PackedRows.Element.float32, .bfloat16] {
            let storage = element == .float32 ? CK_FLOAT32 : CK_BFLOAT16_PAIRS
            var expected = [Float](repeating: .nan, count: tokens * element.words(width: width, kernels: kernels))
            for tile in 0..<ck_tile_count(kernels.table, tokens) {
                ck_pack_tile(kernels.table, storage, x, width, tokens, width, tile, &expected)
            }
            for columns in [1, 2, 3, 8, 17, width] {
                #expect(words(x, columnsAtOnce: columns, element, kernels) == expected.bits)
            }
        }
    }

    @Test(
        "are rounded to nearest, ties to even, and take half the bytes where pairs are multiplied",
        arguments: everySet
    )
    func rounding(kernels: KernelSet) {
        // A number half-way between two of bfloat16, one beside it, and what becomes an infinity.
        var x = [Float](repeating: 1, count: width)
        x.replaceSubrange(
            0..<6,
            with: [0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0xbf80_7fff, 0x7f7f_ffff, 0x0040_0000].map {
                Float(bitPattern: $0)
            }
        )
        let rounded: [UInt32] = [0x3f80, 0x3f82, 0x3f81, 0xbf80, 0x7f80, 0]
        let words = words(x, columnsAtOnce: 3, .bfloat16, kernels)
        if kernels.table.pointee.pair_columns == 2 {
            #expect(words.count == 22)
            #expect(Array(words[0..<3]) == [0, 2, 4].map { rounded[$0] << 16 | rounded[$0 + 1] })
            #expect(words[21] == 0x3f80_0000)
        } else {
            #expect(Array(words[0..<6]) == rounded.map { $0 << 16 })
        }
    }
}
