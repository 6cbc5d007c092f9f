import Foundation
import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite("TensorView")
struct TensorViewTests {
    /// A view of `elements` behind `skip` bytes of a file, so that they need not be aligned.
    static func view<T>(_ elements: [T], _ type: ElementType, shape: [Int], skip: Int = 0) throws -> TensorView {
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("x")
            let bytes = elements.withUnsafeBytes { Data($0) }
            try (Data(count: skip) + bytes).write(to: file)
            return TensorView(
                name: "x",
                elementType: type,
                shape: shape,
                byteRange: skip..<skip + bytes.count,
                mapping: try MappedFile(file)
            )
        }
    }

    @Test("every half-precision pattern widens to the number it stands for", arguments: [0, 1])
    func float16(skip: Int) throws {
        let patterns = (0...UInt16.max).map { $0 }
        let numbers = try Self.view(patterns, .float16, shape: [256, 256], skip: skip).floats()
        let wrong = zip(patterns, numbers).filter { pattern, number in
            let expected = Float(Float16(bitPattern: pattern))
            return expected.isNaN ? !number.isNaN : number.bitPattern != expected.bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test("bfloat16 is the upper half of float32", arguments: [0, 1])
    func bfloat16(skip: Int) throws {
        let patterns = (0...UInt16.max).map { $0 }
        let numbers = try Self.view(patterns, .bfloat16, shape: [65536], skip: skip).floats()
        #expect(numbers.map(\.bitPattern) == patterns.map { UInt32($0) << 16 })
    }

    @Test("rows are what lies behind the first dimension", arguments: [0, 1, 3])
    func rows(skip: Int) throws {
        let numbers = (0..<24).map(Float.init)
        let view = try Self.view(numbers, .float32, shape: [4, 2, 3], skip: skip)
        #expect(view.rowElements == 6 && view.rowByteCount == 24 && view.rowCount == 4)
        #expect(view.floats(rows: 1..<3) == Array(numbers[6..<18]))
        #expect(view.floats(rows: 4..<4) == [])
        #expect(view.bytes(rows: 3..<4).count == 24)
        var part = [Float](repeating: 0, count: 3)
        part.withUnsafeMutableBufferPointer { view.widen(into: $0.baseAddress!, elements: 7..<10) }
        #expect(part == [7, 8, 9])
    }

    @Test("released pages come back from the file")
    func release() throws {
        let tensor = try Checkpoint(directory: Fixtures.url("mini-bf16")).required(TensorNames.embedding)
        let before = tensor.floats()
        tensor.willNeed()
        tensor.releasePages(rows: 3..<900)
        tensor.releasePages()
        #expect(tensor.floats() == before)
    }
}
