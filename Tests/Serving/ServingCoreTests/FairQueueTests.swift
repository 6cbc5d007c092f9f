import Testing

@testable import Coordinator

struct FairQueueTests {
    static func all(_ queue: inout FairQueue) -> [String] {
        var taken: [String] = []
        while let next = queue.take() { taken.append(next) }
        return taken
    }

    @Test("A connection with many requests lets others between")
    func fair() {
        var queue = FairQueue()
        for number in 1...4 { queue.append("a\(number)", owner: 1) }
        queue.append("b1", owner: 2)
        queue.append("c1", owner: 3)
        queue.append("b2", owner: 2)
        #expect(Self.all(&queue) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
    }

    @Test("What is under way counts until it is released")
    func underWay() {
        var queue = FairQueue()
        queue.append("a1", owner: 1)
        #expect(queue.take() == "a1")
        queue.append("a2", owner: 1)
        queue.append("b1", owner: 2)
        #expect(queue.take() == "b1")
        queue.append("b2", owner: 2)
        queue.release(1)
        #expect(queue.take() == "a2")
        #expect(queue.take() == "b2")
        #expect(queue.take() == nil)
    }

    @Test("Those put back come first, in their order")
    func putBack() {
        var queue = FairQueue()
        for (id, owner) in [("a1", 1), ("a2", 1), ("b1", 2)] { queue.append(id, owner: owner) }
        #expect(Self.all(&queue) == ["a1", "b1", "a2"])
        queue.append("c1", owner: 3)
        queue.putBack([("a1", 1), ("b1", 2), ("a2", 1)])
        #expect(queue.ids == ["a1", "b1", "a2", "c1"])
        #expect(Self.all(&queue) == ["a1", "b1", "c1", "a2"])
    }

    @Test("A request may leave the line, once")
    func remove() {
        var queue = FairQueue()
        for id in ["a", "b", "c"] { queue.append(id, owner: 1) }
        #expect(queue.position(of: "b") == 1)
        #expect(queue.remove("b") == true)
        #expect(queue.remove("b") == false)
        #expect(queue.position(of: "b") == nil && queue.position(of: "c") == 1)
        #expect(Self.all(&queue) == ["a", "c"])
    }
}
