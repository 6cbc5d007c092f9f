import Testing

@testable import Coordinator

struct DeskLineTests {
    static let long = 1 << 20

    static func all(_ line: inout DeskLine<String>) -> [String] {
        var taken: [String] = []
        while let next = line.take() { taken.append(next) }
        return taken
    }

    @Test("Work is taken as far as a lane has threads, and more when some is done")
    func threads() {
        var line = DeskLine<String>()
        for number in 1...4 { line.append("a\(number)", cost: 10, owner: 1) }
        #expect(Self.all(&line) == ["a1", "a2"])
        line.finish(cost: 10, owner: 1)
        #expect(Self.all(&line) == ["a3"])
    }

    @Test("Long bodies leave threads to short ones")
    func lanes() {
        var line = DeskLine<String>()
        for number in 1...3 { line.append("a\(number)", cost: Self.long, owner: 1) }
        line.append("b1", cost: 10, owner: 2)
        #expect(Self.all(&line) == ["b1", "a1"])
        line.append("b2", cost: 10, owner: 2)
        #expect(Self.all(&line) == ["b2"])
    }

    @Test("Connections take turns, however much one of them waits with")
    func turns() {
        var line = DeskLine<String>()
        for number in 1...3 { line.append("a\(number)", cost: Self.long, owner: 1) }
        for number in 1...2 { line.append("b\(number)", cost: Self.long, owner: 2) }
        line.append("c1", cost: Self.long, owner: 3)
        var taken: [String] = []
        while let next = line.take() {
            taken.append(next)
            let owner = next.hasPrefix("a") ? 1 : next.hasPrefix("b") ? 2 : 3
            line.finish(cost: Self.long, owner: owner)
        }
        #expect(taken == ["a1", "b1", "c1", "a2", "b2", "a3"])
        #expect(line.cost == 0)
    }

    @Test("What a connection has waiting and running is counted, and what waits can be dropped")
    func drop() {
        var line = DeskLine<String>()
        line.append("a1", cost: Self.long, owner: 1)
        line.append("a2", cost: Self.long, owner: 1)
        line.append("a3", cost: 7, owner: 1)
        line.append("b1", cost: Self.long, owner: 2)
        #expect(line.cost(of: 1) == 2 * Self.long + 7)
        #expect(Self.all(&line) == ["a3", "a1"])
        #expect(line.drop(owner: 1) == ["a2"])
        #expect(line.cost(of: 1) == Self.long + 7)
        line.finish(cost: Self.long, owner: 1)
        line.finish(cost: 7, owner: 1)
        #expect(line.cost(of: 1) == 0)
        #expect(Self.all(&line) == ["b1"])
    }

    @Test("Of an owner with several calls only the one that is left drops out")
    func dropOne() {
        var line = DeskLine<Int>()
        for sender in 1...3 { line.append(sender, cost: 10, owner: -1, sender: sender) }
        let dropped = line.drop(owner: -1, sender: 2)
        #expect(dropped == [2] && line.cost == 20 && line.cost(of: -1) == 20)
        let (first, second, third) = (line.take(), line.take(), line.take())
        #expect(first == 1 && second == 3 && third == nil)
        #expect(line.drop(owner: -1, sender: 1).isEmpty)
    }
}
