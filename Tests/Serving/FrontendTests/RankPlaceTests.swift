import Foundation
import GroupLink
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
        let ranks = Array(first..<first + (here ?? decoders + visions))
        return place(rank, ranks, decoders, visions, threads: threads, available: available)
    }

    static func options(_ decoders: Int, _ visions: Int, threads: Int? = nil) -> RankOptions {
        var options = RankOptions(model: URL(fileURLWithPath: "/"))
        options.decoderRanks = decoders
        options.visionRanks = visions
        options.threads = threads
        return options
    }

    static func place(
        _ rank: Int,
        _ ranksHere: [Int],
        _ decoders: Int,
        _ visions: Int,
        threads: Int? = nil,
        available: Int
    ) -> RankPlace {
        RankPlace(rank, ranksHere: ranksHere, options(decoders, visions, threads: threads), available: available)
    }

    @Test("ranks that go round the hosts share processors with every third, not with their neighbours")
    func round() throws {
        // Decoder ranks 0 and 3 and vision rank 4 on a host of four; three hosts.
        #expect(Self.place(3, [0, 3, 4], 4, 1, available: 4).threads == 2)
        #expect(Self.place(3, [0, 3, 4], 4, 1, available: 4).seat?.place == 1)
        #expect(Self.place(1, [1], 4, 1, available: 4).threads == 4)
        let told = [RankPlaces.variableName: "0:2,1:4,2:4,0:2,0:1"]
        let options = Self.options(4, 1)
        let third = try #require(RankPlace(3, told, options, available: 4))
        #expect(third.threads == 2 && third.seat?.place == 1 && third.seat?.of == 2)
        #expect(RankPlace(1, told, options, available: 4)?.seat?.of == 1)
        #expect(RankPlace(4, told, options, available: 4)?.threads == 1)
        #expect(RankPlace(3, [RankPlaces.variableName: "0:0,1:0,2:0,0:0,0:0"], options, available: 8)?.threads == 4)
    }

    @Test("who is here is known without MPI when it is everybody or nobody else, and asked for otherwise")
    func unknown() {
        let here = { (count: Int) in ["OMPI_COMM_WORLD_LOCAL_SIZE": "\(count)"] }
        let options = Self.options(4, 1)
        #expect(RankPlace(3, here(1), options, available: 4)?.threads == 4)
        #expect(RankPlace(3, here(5), options, available: 4)?.threads == 1)
        #expect(RankPlace(3, [:], options, available: 4)?.threads == 1)
        #expect(RankPlace(3, here(2), options, available: 4) == nil)
        #expect(RankPlace(3, [RankPlaces.variableName: "0:1,x"], options, available: 4)?.threads == 1)
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
        #expect(
            beside.threads == 1 && beside.helpers == 7,
            "the decoder rank has all eight, and helpers give way to it"
        )
        #expect(beside.seat == nil && beside.isBesideDecoders)
        // Alone on its host it has everything.
        let own = Self.place(2, decoders: 2, first: 2, here: 1, available: 4)
        #expect(own.threads == 4 && own.seat?.of == 1 && own.helpers == 0 && !own.isBesideDecoders)
        #expect(Self.place(1, decoders: 2, available: 8).helpers == 0, "a decoder rank waits for nobody")
    }

    @Test("helpers are the processors that a host's vision ranks share, less the threads of their own")
    func helpers() throws {
        #expect(Self.place(2, decoders: 2, visions: 2, available: 8).helpers == 3)
        #expect(Self.place(3, decoders: 2, visions: 2, available: 3).helpers == 0)
        // Who says how many threads a rank has, says it of vision ranks too.
        #expect(Self.place(1, decoders: 1, threads: 2, available: 8).helpers == 0)
        var options = Self.options(1, 1, threads: 2)
        options.visionThreads = 6
        let both = RankPlace(1, ranksHere: [0, 1], options, available: 8)
        #expect(both.threads == 2 && both.helpers == 4)
        (options.threads, options.visionThreads) = (nil, 1)
        let none = RankPlace(1, ranksHere: [0, 1], options, available: 8)
        #expect(none.threads == 1 && none.helpers == 0)
        #expect(RankPlace(1, ranksHere: [1], options, available: 8).threads == 1)
        let told = [RankPlaces.variableName: "0:2,0:1:5", RankPlaces.helperProcessorsName: "1=0,2,4;7=9"]
        let placed = try #require(RankPlace(1, told, Self.options(1, 1), available: 2))
        #expect(placed.threads == 1 && placed.helpers == 5 && placed.helperProcessors == [0, 2, 4])
        let text = RankPlaces.text(helperProcessors: [7: [9], 1: [0, 2, 4]])
        #expect(text == told[RankPlaces.helperProcessorsName])
        #expect(RankPlaces.helperProcessors(of: 0, told) == nil)
    }

    @Test("threads that the operator gave, and that fill the processors, are all bound")
    func given() {
        let vision = Self.place(1, decoders: 1, threads: 2, available: 4)
        #expect(vision.threads == 2 && vision.seat?.place == 1 && vision.seat?.of == 2)
        #expect(Self.place(0, decoders: 1, threads: 2, available: 8).seat == nil)
    }
}
