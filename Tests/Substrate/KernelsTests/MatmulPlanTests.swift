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
        for (panels, group) in [1, 3, 4, 5, 31, 128, 129, 768, 9497].flatMap({ [($0, 3), ($0, 4)] }) {
            for tiles in [1, 2, 16, 17, 100] {
                let plan = MatmulPlan(
                    tiles: tiles,
                    panels: panels,
                    threads: threads,
                    group: group,
                    tasksPerThread: group == 3 ? 8 : 16,
                    mostTiles: group == 3 ? 32 : 16,
                    atMost: limit
                )
                guard !plan.isInParts else { continue }
                var ends: [Range<Int>: Int] = [:]
                for task in 0..<plan.tasks {
                    let part = plan.part(task)
                    #expect(part.panels.lowerBound == ends[part.tiles] ?? 0 && !part.panels.isEmpty)
                    #expect(part.tiles.count <= plan.tilesPerBlock)
                    #expect(part.panels.count <= max(group, limit ?? panels) && part.panels.lowerBound % group == 0)
                    ends[part.tiles] = part.panels.upperBound
                }
                #expect(ends.values.allSatisfy { $0 == panels })
                #expect(ends.keys.reduce(0) { $0 + $1.count } == tiles && Set(ends.keys.flatMap { $0 }).count == tiles)
            }
        }
    }

    @Test("are parts where several threads share a single block, and only there")
    func parts() {
        for threads in [1, 2, 5] {
            for tiles in [1, 16, 17] {
                let plan = MatmulPlan(tiles: tiles, panels: 40, threads: threads, atMost: 9)
                #expect(plan.isInParts == (threads > 1 && tiles <= 16) && plan.limit == 8)
            }
        }
    }
}
