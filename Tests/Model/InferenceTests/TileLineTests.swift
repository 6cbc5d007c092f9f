import TestSupport
import Testing

@testable import Inference

@Suite("Tiles that have been announced")
struct TileLineTests {
    private static func tile(_ source: Int32, _ image: Int32, _ offset: Int32 = 0) -> TileHeader {
        TileHeader(source: source, image: image, offset: offset, tokens: 4)
    }

    @Test("one that is ahead of its job holds what its source sent behind it, and nothing else")
    func ahead() {
        var line = TileLine()
        for tile in [Self.tile(1, 5), Self.tile(2, 3), Self.tile(1, 3, 4), Self.tile(2, 4)] { line.append(tile) }
        #expect(line.take { $0 <= 4 } == [Self.tile(2, 3), Self.tile(2, 4)])
        #expect(line.take { $0 <= 4 }.isEmpty)
        line.append(Self.tile(2, 1))
        #expect(line.take { $0 <= 5 } == [Self.tile(1, 5), Self.tile(1, 3, 4), Self.tile(2, 1)])
        #expect(line.take { _ in true }.isEmpty)
    }

    @Test("numbers are known once they were seen, in any order, and long ago")
    func numbers() {
        var numbers = RecentNumbers()
        #expect(!numbers.contains(0) && !numbers.contains(-7))
        for number in [Int32(9), 3, 7] { numbers.insert(number) }
        #expect([3, 7, 9].allSatisfy(numbers.contains) && ![2, 4, 8, 10].contains(where: numbers.contains))
        for number in Int32(10)..<400_000 { numbers.insert(number) }
        #expect(numbers.contains(4) && numbers.contains(399_999) && !numbers.contains(400_000))
        #expect(!numbers.contains(Int32.max))
    }

    @Test("in a storm each tile comes once, in its source's order, and never before its job", arguments: 0..<20)
    func storm(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var line = TileLine()
        var (named, next): (Int32, Int32) = (0, 0)
        var (sent, taken): ([TileHeader], [TileHeader]) = ([], [])
        for _ in 0..<400 {
            if Bool.random(using: &random) {
                next += 1
                let tile = Self.tile(
                    Int32.random(in: 0..<3, using: &random),
                    Int32.random(in: 1...9, using: &random),
                    next
                )
                sent.append(tile)
                line.append(tile)
            }
            if Int.random(in: 0..<40, using: &random) == 0 { named += 1 }
            let new = line.take { $0 <= named }
            #expect(new.allSatisfy { $0.image <= named })
            taken += new
        }
        taken += line.take { _ in true }
        for source in Int32(0)..<3 {
            #expect(taken.filter { $0.source == source } == sent.filter { $0.source == source })
        }
        #expect(taken.count == sent.count)
    }
}
