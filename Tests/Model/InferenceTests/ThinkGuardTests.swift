import Requests
import Testing

@testable import Inference

@Suite("The guard of thinking")
struct ThinkGuardTests {
    static let start: Int32 = 1
    static let end: Int32 = 2

    /// What is taken when `wanted` is chosen token by token.
    static func take(_ wanted: [Int32], budget: Int? = nil, breaksLoops: Bool = true) -> ([Int32], ThinkGuard.Cut?) {
        var options = GenerateJob.Thinking(startId: start, endId: end, budget: budget)
        options.breaksLoops = breaksLoops
        var watch = ThinkGuard(options)
        var taken: [Int32] = []
        for token in wanted {
            let next = watch.replace(token)
            watch.append(next)
            taken.append(next)
        }
        return (taken, watch.cut)
    }

    @Test("thinking ends at its budget, by itself or by force", arguments: [0, 1, 5])
    func budget(budget: Int) {
        let thoughts = (10..<20).map { Int32($0) }
        let (taken, cut) = Self.take([Self.start] + thoughts, budget: budget)
        #expect(taken == [Self.start] + thoughts[..<budget] + [Self.end] + thoughts[(budget + 1)...])
        #expect(cut == .budget)
        let (free, none) = Self.take([Self.start] + thoughts[..<budget] + [Self.end, 7], budget: budget + 1)
        #expect(free == [Self.start] + thoughts[..<budget] + [Self.end, 7])
        #expect(none == nil)
    }

    @Test("an answer that another group began is cut where, and said to be cut as, it would have been")
    func resumed() {
        let thoughts = (10..<40).map { Int32($0) }
        let (taken, cut) = Self.take([Self.start] + thoughts, budget: 8)
        for place in 0...taken.count {
            let options = GenerateJob.Thinking(startId: Self.start, endId: Self.end, budget: 8)
            var watch = ThinkGuard(options)
            for token in taken[..<place] { watch.append(token) }
            var rest: [Int32] = []
            for token in ([Self.start] + thoughts)[place...] {
                rest.append(watch.replace(token))
                watch.append(rest[rest.count - 1])
            }
            #expect(taken[..<place] + rest == taken[...])
            #expect(watch.cut == cut)
        }
        #expect(ThinkGuard.cut(in: taken, .init(startId: Self.start, endId: Self.end, budget: 8)) == .budget)
    }

    @Test("a block opened again has what is left of the budget")
    func reopened() {
        let (taken, cut) = Self.take([1, 10, 11, 2, 50, 1, 12, 13, 14], budget: 3)
        #expect(taken == [1, 10, 11, 2, 50, 1, 12, 2, 14])
        #expect(cut == .budget)
    }

    @Test("outside of thinking nothing is counted and nothing forced")
    func outside() {
        let answer = Array(repeating: Int32(9), count: 1000)
        let (taken, cut) = Self.take(answer, budget: 2)
        #expect(taken == answer)
        #expect(cut == nil)
    }

    @Test("a block that repeats is cut at the sixth time, 128 tokens at least", arguments: [1, 2, 7, 30, 256])
    func loops(length: Int) {
        let lead = (1000..<1037).map { Int32($0) }
        let block = (0..<length).map { Int32(100 + $0) }
        let wanted = [Self.start] + lead + (0..<200).flatMap { _ in block }
        let (taken, cut) = Self.take(wanted)
        #expect(cut == .loop)
        let forced = taken.firstIndex(of: Self.end) ?? -1
        #expect(forced == 1 + lead.count + max(6 * length, 128))
        let (free, none) = Self.take(wanted, breaksLoops: false)
        #expect(free == wanted)
        #expect(none == nil)
    }

    @Test("lists and long thoughts are left alone")
    func innocent() {
        var wanted: [Int32] = [Self.start]
        for row in 0..<400 { wanted += [50, 51, 52, 53, Int32(1000 + row), 54, 55] }
        let (taken, cut) = Self.take(wanted)
        #expect(taken == wanted)
        #expect(cut == nil)
    }
}
