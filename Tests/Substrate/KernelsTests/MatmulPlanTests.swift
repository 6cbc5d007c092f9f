import Testing

@testable import Kernels

@Suite("The tasks of a product")
struct MatmulPlanTests {
    @Test(
        "cover every panel of every tile once, in order, whatever their number",
        arguments: [1, 2, 3, 7, 64],
        [nil, 0, 9, 4000] as [Int?]
    )
    func cover(threads: Int, limit: Int?) {
        for (panels, quantised) in [1, 3, 4, 5, 31, 128, 129, 768, 9497].flatMap({ [($0, true), ($0, false)] }) {
            for tiles in [1, 2, 16, 17, 100] {
                let plan = MatmulPlan(
                    tiles: tiles,
                    panels: panels,
                    threads: threads,
                    quantised: quantised,
                    atMost: limit
                )
                var ends: [Range<Int>: Int] = [:]
                for task in 0..<plan.tasks {
                    let part = plan.part(task)
                    #expect(part.panels.lowerBound == ends[part.tiles] ?? 0 && !part.panels.isEmpty)
                    #expect(part.tiles.count <= plan.tilesPerBlock)
                    #expect(part.panels.count <= max(4, limit ?? panels))
                    ends[part.tiles] = part.panels.upperBound
                }
                #expect(ends.values.allSatisfy { $0 == panels })
                #expect(ends.keys.reduce(0) { $0 + $1.count } == tiles && Set(ends.keys.flatMap { $0 }).count == tiles)
            }
        }
    }

    @Test("of one block begin and end at groups of panels, and the last are short", arguments: [2, 3, 16])
    func shrink(threads: Int) {
        let plan = MatmulPlan(tiles: 1, panels: 1024, threads: threads, quantised: true)
        let counts = (0..<plan.tasks).map { plan.part($0).panels.count }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 >= $1 && $0 % 4 == 0 })
        #expect(counts.first == 1024 / (2 * threads) / 4 * 4 && counts.suffix(threads).allSatisfy { $0 <= 4 })
    }
}
