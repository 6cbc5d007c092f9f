import Testing

@testable import ServingCore

struct FairQueueTests {
    static func all(_ queue: inout FairQueue) -> [Ticket] {
        var taken: [Ticket] = []
        while let next = queue.take() { taken.append(next) }
        return taken
    }

    @Test("A connection with many requests lets others between")
    func fair() {
        var queue = FairQueue()
        for number in 11...14 { queue.append(number, owner: 1) }
        queue.append(21, owner: 2)
        queue.append(31, owner: 3)
        queue.append(22, owner: 2)
        #expect(Self.all(&queue) == [11, 21, 31, 12, 22, 13, 14])
    }

    @Test("What is under way counts until it is released")
    func underWay() {
        var queue = FairQueue()
        queue.append(11, owner: 1)
        #expect(queue.take() == 11)
        queue.append(12, owner: 1)
        queue.append(21, owner: 2)
        #expect(queue.take() == 21)
        queue.append(22, owner: 2)
        queue.release(1)
        #expect(queue.take() == 12)
        #expect(queue.take() == 22)
        #expect(queue.take() == nil)
        #expect(queue.underWayCount == 3)
    }

    @Test("Those put back come first, in their order")
    func putBack() {
        var queue = FairQueue()
        for (ticket, owner) in [(11, 1), (12, 1), (21, 2)] { queue.append(ticket, owner: owner) }
        #expect(Self.all(&queue) == [11, 21, 12])
        for owner in [1, 2, 1] { queue.release(owner) }
        queue.append(31, owner: 3)
        queue.putBack([(11, 1), (21, 2), (12, 1)])
        #expect([11, 21, 12, 31].map { queue.position(of: $0) } == [0, 1, 2, 3])
        #expect(Self.all(&queue) == [11, 21, 31, 12])
    }

    @Test("A request may leave the line, once")
    func remove() {
        var queue = FairQueue()
        for ticket in [1, 2, 3] { queue.append(ticket, owner: 1) }
        #expect(queue.position(of: 2) == 1)
        queue.remove(2)
        queue.remove(2)
        #expect(queue.position(of: 2) == nil && queue.position(of: 3) == 1)
        #expect(Self.all(&queue) == [1, 3])
    }

    @Test("Those under suspicion stand in a line of their own, ahead of the others")
    func suspects() {
        var queue = FairQueue()
        queue.append(1, owner: 1)
        queue.suspect(2, owner: 2)
        queue.suspect(3, owner: 1)
        #expect(queue.hasSuspects && queue.count == 3)
        #expect([2, 3, 1].map { queue.position(of: $0) } == [0, 1, 2])
        #expect(queue.takeSuspect() == 2)
        queue.remove(3)
        #expect(!queue.hasSuspects && queue.takeSuspect() == nil)
        #expect(Self.all(&queue) == [1])
    }
}
