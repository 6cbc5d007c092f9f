import Testing

@testable import Communication

@Suite("Block layouts")
struct BlockLayoutTests {
    @Test("blocks follow one another, empty ones too")
    func consecutive() {
        var layout = BlockLayout(counts: [3, 0, 5])
        #expect(layout.offsets == [0, 3, 3])
        #expect(layout.total == 8)
        layout.update { $0 * 2 }
        #expect(layout.counts == [0, 2, 4])
        #expect(layout.offsets == [0, 0, 2])
        #expect(layout.total == 6)
    }

    @Test("a group of one passes its own block through")
    func solo() {
        let solo = SoloCommunicator()
        let layout = BlockLayout(counts: [3])
        var mine: [Float] = [1, 2, 3]
        solo.allGather(&mine, layout)
        #expect(mine == [1, 2, 3])
        #expect(solo.agree(true) && !solo.agree(false))
    }
}
