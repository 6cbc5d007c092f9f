import Testing

@testable import Coordinator

struct OwnerTableTests {
    @Test("Calls of one token or address have one owner, others another, and none is a connection's")
    func owners() {
        var table = OwnerTable()
        let first = table.enter(.token(0))
        let again = table.enter(.token(0))
        let other = table.enter(.address(.v4(0x7F00_0001)))
        #expect(first == again && first != other && first < 0 && other < 0)
        #expect(table.count == 2)
    }

    @Test("Owners without calls are known for a while, then forgotten, and nobody gets the number of another")
    func forgets() {
        var table = OwnerTable()
        let first = table.enter(.local)
        _ = table.enter(.local)
        table.leave(.local)
        #expect(table.enter(.local) == first)
        for _ in 0..<2 { table.leave(.local) }
        #expect(table.enter(.local) == first)
        table.leave(.local)
        for number: UInt32 in 0..<1000 {
            _ = table.enter(.address(.v4(number)))
            table.leave(.address(.v4(number)))
        }
        #expect(table.count <= OwnerTable.mostResting && table.enter(.local) != first)
    }
}
