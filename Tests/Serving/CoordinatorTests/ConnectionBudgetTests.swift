import Testing

@testable import Coordinator

struct ConnectionBudgetTests {
    @Test(
        "All ports together never have more descriptors than are left, and the server's own stay",
        arguments: [
            80, 100, 128, 256, 1024, 65_536,
        ]
    )
    func shares(descriptors: Int) throws {
        let budget = try #require(ConnectionBudget(descriptors: descriptors, used: 20, ranks: 3, connections: 16_384))
        let taken = budget.lineLimit + budget.httpLimit + budget.farewells
        #expect(taken + 20 + ConnectionBudget.reserve(ranks: 3) <= descriptors)
        for port in ConnectionBudget.Port.allCases { #expect(budget.limit(port) > 0) }
        #expect(budget.lineLimit <= 16_384)
    }

    @Test("With too few descriptors there is no budget")
    func tooFew() {
        #expect(ConnectionBudget(descriptors: 64, used: 20, ranks: 3, connections: 100) == nil)
    }

    /// Fills a port; how many were served.
    static func fill(_ budget: inout ConnectionBudget, _ port: ConnectionBudget.Port) -> Int {
        var served = 0
        while budget.mayAccept(port) { if budget.admit(port) == .serve { served += 1 } }
        return served
    }

    @Test("A full port takes nothing from the others, and some places are the operator's alone")
    func apart() throws {
        var budget = try #require(ConnectionBudget(descriptors: 128, used: 20, ranks: 2, connections: 16_384))
        let served = [Self.fill(&budget, .http), Self.fill(&budget, .lines), Self.fill(&budget, .unix)]
        #expect(served == [budget.httpLimit, budget.lineLimit - budget.kept, budget.kept])
        #expect(budget.leaving == budget.farewells, "and all are turned away who can be")
    }

    @Test("Who is too many is turned away while there are descriptors for that; then accepting rests until one closes")
    func rests() throws {
        var budget = try #require(ConnectionBudget(descriptors: 128, used: 20, ranks: 2, connections: 16_384))
        let room = budget.httpLimit
        for number in 0..<room + budget.farewells {
            #expect(budget.mayAccept(.http))
            let verdict = budget.admit(.http)
            #expect(verdict == (number < room ? .serve : .turnAway))
        }
        #expect(!budget.mayAccept(.http))
        #expect(budget.mayAccept(.lines))
        budget.release(.http, .turnAway)
        let again = budget.admit(.http)
        #expect(again == .turnAway)
        budget.release(.http, .serve)
        #expect(budget.mayAccept(.http))
        let served = budget.admit(.http)
        #expect(served == .serve)
    }
}
