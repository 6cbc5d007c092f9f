import Foundation
import Testing

@testable import RankProgram

@Suite("Threads and processors of a rank")
struct RankPlaceTests {
    static func place(
        _ rank: Int,
        decoders: Int,
        visions: Int = 1,
        threads: Int? = nil,
        first: Int = 0,
        here: Int? = nil,
        available: Int
    ) -> RankPlace {
        var options = RankOptions(model: URL(fileURLWithPath: "/"))
        options.decoderRanks = decoders
        options.visionRanks = visions
        options.threads = threads
        let variables = [
            "OMPI_COMM_WORLD_LOCAL_SIZE": "\(here ?? decoders + visions)",
            "OMPI_COMM_WORLD_LOCAL_RANK": "\(rank - first)",
        ]
        return RankPlace(rank, variables, options, available: available)
    }

    @Test("decoder ranks share all processors, whether vision ranks are there or not")
    func decoders() {
        let alone = Self.place(0, decoders: 1, available: 2)
        #expect(alone.threads == 2 && alone.seat?.of == 1)
        let second = Self.place(1, decoders: 2, available: 2)
        #expect(second.threads == 1 && second.seat?.place == 1 && second.seat?.of == 2)
        let uneven = Self.place(2, decoders: 3, available: 8)
        #expect(uneven.threads == 2 && uneven.seat?.of == 4, "a vision rank fills what they leave")
        #expect(Self.place(0, decoders: 4, available: 2).threads == 1)
    }

    @Test("a vision rank has a fair share, on whatever is free")
    func visions() {
        let vision = Self.place(2, decoders: 2, available: 2)
        #expect(vision.threads == 1 && vision.seat == nil)
        let beside = Self.place(1, decoders: 1, available: 8)
        #expect(beside.threads == 4 && beside.seat == nil, "the decoder rank has all eight")
        // Alone on its host it has everything.
        let own = Self.place(2, decoders: 2, first: 2, here: 1, available: 4)
        #expect(own.threads == 4 && own.seat?.of == 1)
    }

    @Test("threads that the operator gave, and that fill the processors, are all bound")
    func given() {
        let vision = Self.place(1, decoders: 1, threads: 2, available: 4)
        #expect(vision.threads == 2 && vision.seat?.place == 1 && vision.seat?.of == 2)
        #expect(Self.place(0, decoders: 1, threads: 2, available: 8).seat == nil)
    }
}
