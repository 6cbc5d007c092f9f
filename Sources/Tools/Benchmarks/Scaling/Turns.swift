internal import Communication

/// Lets ranks work one after the other, while those that wait sleep and leave the processors to the one that works.
struct Turns {
    private let world: MPICommunicator?

    /// - Parameter world: `nil` lets all work at once.
    init(_ world: MPICommunicator?) { self.world = world }

    /// Calls `body` on every rank, in turn.
    ///
    /// Collective.
    func each<Result>(_ body: () throws -> Result) throws -> Result {
        guard let world, world.size > 1 else { return try body() }
        var mine: Result?
        let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { byte.deallocate() }
        byte[0] = 0
        for rank in 0..<world.size {
            if rank == world.rank {
                mine = try body()
                for other in 0..<world.size where other != rank {
                    try world.send(UnsafeRawBufferPointer(byte), to: other, .contact)
                }
            } else {
                let word = try world.startReceive(byte, from: rank, .contact)
                var idle = IdleWait()
                while try word.poll() == nil { idle.pause() }
            }
        }
        guard let mine else { preconditionFailure("rank \(world.rank) had no turn") }
        return mine
    }
}
