import Communication
import Foundation

/// Messages of many lengths from rank 0 to all, with steps between them in which ranks wait for each other, and naps.
enum BroadcastCheck {
    static func run(_ world: MPICommunicator) throws {
        let broadcast = MPIBroadcast(world, .stepPlan)
        let most = 1 << 20
        let place = UnsafeMutableRawBufferPointer.allocate(byteCount: most, alignment: 16)
        defer { place.deallocate() }
        let reduce = TestReduce(try world.fabric(), leafCount: 8, width: 64, maxRows: 4)
        var wrong = 0
        for round in 0..<rounds {
            // A few words, like nearly every plan; some thousands; and some that no network takes in at once.
            let count = 4 * [1, 40, 250, 1023, 5000, 70_000, most / 4][round * 5 % 7]
            // Ranks come late in turns.
            if round % 7 == world.rank { usleep(500) }
            if world.rank == 0 {
                for index in 0..<count { place[index] = byte(index, round) }
                try broadcast.send(UnsafeRawBufferPointer(rebasing: place[..<count]))
            } else {
                try broadcast.begin(into: place)
                var idle = IdleWait()
                var received = try broadcast.poll()
                while received == nil {
                    idle.pause()
                    received = try broadcast.poll()
                }
                if received != count { wrong += 1 }
                for index in 0..<count where place[index] != byte(index, round) { wrong += 1 }
            }
            // Ranks of one host wait here without moving messages on; that must not hold anything up.
            if round % 3 != 0 { _ = try reduce.run(rows: 4) }
        }
        print("rank \(world.rank): \(broadcast.sentMessages) messages, \(wrong) wrong")
    }

    static let rounds = 140

    private static func byte(_ index: Int, _ round: Int) -> UInt8 { UInt8(truncatingIfNeeded: index * 31 + round * 7) }
}
