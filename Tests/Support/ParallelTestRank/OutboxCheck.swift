import Communication

/// Records from every rank to rank 0, sent off just before all wait for each other in memory that they share.
enum OutboxCheck {
    private static let wordsOfRecord = 8
    private static let rounds = 90

    static func run(_ world: MPICommunicator) throws {
        let reduce = TestReduce(try world.fabric(), leafCount: 8, width: 64, maxRows: 4)
        let outbox = MessageOutbox(world, to: 0, .pageOutcome, most: 64 * wordsOfRecord)
        var put = 0
        var taken = Array(repeating: 0, count: world.size)
        var wrong = 0
        for round in 0..<rounds {
            if world.rank > 0 {
                // None, a few, and more than one message holds.
                for _ in 0..<[0, 1, 3, 64, 65, 200][(round + world.rank) % 6] {
                    outbox.append((0..<Int32(wordsOfRecord)).map { Int32(put) &* 31 &+ $0 })
                    put += 1
                }
                try outbox.advance()
            }
            // Nobody looks after messages here.
            _ = try reduce.run(rows: 4)
            if world.rank == 0, round % 3 == 2 { wrong += try take(world, &taken) }
        }
        let all = try world.allGather(UInt64(put)).map { Int($0) }
        var idle = IdleWait()
        while world.rank == 0 ? taken != all : !outbox.isEmpty {
            wrong += try take(world, &taken)
            try outbox.advance()
            idle.pause()
        }
        print("rank \(world.rank): \(put) put, \(taken.reduce(0, +)) taken, \(wrong) wrong")
    }

    /// Takes what has come; the result is how many words are not as they were put in.
    private static func take(_ world: MPICommunicator, _ taken: inout [Int]) throws -> Int {
        var wrong = 0
        while world.rank == 0, let message = try world.arrived(.pageOutcome) {
            var words = [Int32](repeating: 0, count: message.byteCount / 4)
            try words.withUnsafeMutableBytes { try world.receive($0, from: message.source, .pageOutcome) }
            for (place, word) in words.enumerated() {
                let (record, offset) = place.quotientAndRemainder(dividingBy: wordsOfRecord)
                if word != Int32(taken[message.source] + record) &* 31 &+ Int32(offset) { wrong += 1 }
            }
            taken[message.source] += words.count / wordsOfRecord
        }
        return wrong
    }
}
