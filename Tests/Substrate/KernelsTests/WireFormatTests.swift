import CKernels
import Kernels
import TestSupport
import Testing

@Suite("Numbers on their way between hosts")
struct WireFormatTests {
    /// Of all magnitudes, zeros among them.
    private static func numbers(_ count: Int, _ random: inout SeededRandom) -> [Float] {
        (0..<count).map { _ in
            let scale = Float(sign: .plus, exponent: Int.random(in: -30...30, using: &random), significand: 1)
            return Int.random(in: 0..<9, using: &random) == 0 ? 0 : scale * Float.random(in: -1...1, using: &random)
        }
    }

    /// Through the wire: the bytes, what the sender keeps, and what arrives.
    private static func travel(
        _ format: WireFormat,
        _ numbers: [Float]
    ) -> (bytes: [UInt8], kept: [Float], come: [Float]) {
        var kept = numbers
        var come = [Float](repeating: -1, count: numbers.count)
        var bytes = [UInt8](repeating: 0xEE, count: format.bytes(numbers.count) + 1)
        bytes.withUnsafeMutableBytes { place in
            guard let base = place.baseAddress else { return }
            kept.withUnsafeMutableBufferPointer { kept in
                if let start = kept.baseAddress { format.pack(start, count: kept.count, into: base) }
            }
            come.withUnsafeMutableBufferPointer { come in
                if let start = come.baseAddress { format.unpack(base, count: come.count, into: start) }
            }
        }
        #expect(bytes.last == 0xEE, "written beyond the end")
        return (bytes.dropLast(), kept, come)
    }

    @Test("what arrives is what the sender keeps, in so many bytes", arguments: WireFormat.allCases)
    func same(format: WireFormat) {
        var random = SeededRandom(seed: 11)
        for count in awkwardLengths {
            let numbers = Self.numbers(count, &random)
            let found = Self.travel(format, numbers)
            #expect(found.come.bits == found.kept.bits)
            switch format {
            case .f32: #expect(found.kept.bits == numbers.bits && found.bytes.count == 4 * count)
            case .bf16: #expect(found.bytes.count == 2 * count)
            case .q8: #expect(found.bytes.count == count + 2 * ((count + 31) / 32))
            }
            // What is rounded already stays.
            #expect(Self.travel(format, found.kept).kept.bits == found.kept.bits || format == .q8)
        }
    }

    @Test("bf16 is the nearest, ties to even")
    func bfloat16() {
        var random = SeededRandom(seed: 12)
        let numbers = Self.numbers(999, &random) + [1.00390625, 1.01171875, -1.00390625, .infinity, -.infinity]
        let found = Self.travel(.bf16, numbers)
        for (number, kept) in zip(numbers, found.kept) {
            let bits = UInt64(number.bitPattern)
            let nearest = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) << 16
            #expect(kept.bitPattern == UInt32(nearest))
        }
        #expect(Self.travel(.bf16, [.nan, 1]).come[0].isNaN)
    }

    @Test("q8: every number within half a step of its group's largest, groups apart from each other")
    func int8() {
        var random = SeededRandom(seed: 13)
        for count in [1, 31, 32, 33, 100, 2048] {
            let numbers = Self.numbers(count, &random)
            let found = Self.travel(.q8, numbers)
            for start in stride(from: 0, to: count, by: 32) {
                let group = start..<min(start + 32, count)
                let largest = group.map { abs(numbers[$0]) }.max() ?? 0
                // The step is a bfloat16 that is rounded up.
                for index in group { #expect(abs(found.kept[index] - numbers[index]) <= largest / 127 * 0.5 * 1.008) }
                #expect(Self.travel(.q8, Array(numbers[group])).kept.bits == Array(found.kept[group]).bits)
            }
        }
    }

    @Test("q8: a group with an infinity or a NaN is NaN, its neighbours are not; tiny numbers are zeros")
    func notNumbers() {
        for bad in [Float.infinity, -.infinity, .nan] {
            var numbers = [Float](repeating: 1, count: 70)
            numbers[40] = bad
            let found = Self.travel(.q8, numbers)
            #expect(found.come.enumerated().allSatisfy { (32..<64).contains($0) == $1.isNaN })
        }
        #expect(Self.travel(.q8, [1e-40, -1e-42, 0]).come.allSatisfy { $0 == 0 })
        #expect(Self.travel(.q8, [.greatestFiniteMagnitude, 1]).come[0].isFinite)
    }

    @Test("the wide version has the plain one's bits")
    func plain() {
        var random = SeededRandom(seed: 14)
        for count in awkwardLengths {
            let numbers = Self.numbers(count, &random)
            for (format, pack) in [(WireFormat.bf16, ck_wire_plain_pack_bfloat16), (.q8, ck_wire_plain_pack_int8)] {
                var kept = numbers
                var bytes = [UInt8](repeating: 0, count: format.bytes(count))
                pack(&kept, count, &bytes)
                let found = Self.travel(format, numbers)
                #expect(found.bytes == bytes && found.kept.bits == kept.bits)
            }
        }
    }
}
