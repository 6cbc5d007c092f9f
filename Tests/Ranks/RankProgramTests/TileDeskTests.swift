import Checkpoints
import Foundation
import GroupLink
import ImagePreprocessing
import Requests
import Tensors
import TestSupport
import Testing

@testable import RankProgram

@Suite("Which tiles a vision rank encodes", .ownThread)
struct TileDeskTests {
    @Test("each tile is handed out once, in its order, whoever asks; then nobody has any, and the picture is forgotten")
    func storm() {
        var random = SeededRandom(seed: 11)
        for places in 1...9 {
            var desk = TileDesk(places: places)
            var now = Duration.zero
            for image in Int32(0)..<40 {
                let count = Int.random(in: 0...50, using: &random)
                var (asking, given): ([Int], [Int]) = (Array(0..<places), [])
                while let place = asking.randomElement(using: &random) {
                    now += .milliseconds(Int.random(in: 0...500, using: &random))
                    let last = Duration.milliseconds(Int.random(in: 0...3000, using: &random))
                    if let tile = desk.claim(TileClaim(image: image, count: count, lastTile: last), by: place, now: now)
                    {
                        given.append(tile)
                    } else {
                        asking.removeAll { $0 == place }
                    }
                }
                #expect(given == Array(0..<count))
                #expect(desk.count == 0)
            }
        }
    }

    /// When the last of some tiles is done by ranks that take so many seconds over one, and how many each had.
    private static func run(_ count: Int, seconds: [Double], known: Bool) -> (end: Double, tiles: [Int]) {
        var desk = TileDesk(places: seconds.count)
        var (free, tiles) = (seconds.map { _ in 0.0 }, seconds.map { _ in 0 })
        if known {
            for (place, each) in seconds.enumerated() {
                _ = desk.claim(TileClaim(image: 0, count: 0, lastTile: .seconds(each)), by: place, now: .zero)
            }
        }
        var asking = Set(seconds.indices)
        while let place = asking.min(by: { (free[$0], $0) < (free[$1], $1) }) {
            let last = Duration.seconds(tiles[place] > 0 ? seconds[place] : 0)
            let claim = TileClaim(image: 1, count: count, lastTile: last)
            if desk.claim(claim, by: place, now: .seconds(free[place])) == nil {
                asking.remove(place)
            } else {
                free[place] += seconds[place]
                tiles[place] += 1
            }
        }
        return (zip(free, tiles).filter { $0.1 > 0 }.map(\.0).max() ?? 0, tiles)
    }

    @Test("who is three times as fast gets three times as many tiles, and nobody waits for the slow one in the end")
    func unequal() {
        #expect(Self.run(12, seconds: [3, 1], known: false).tiles == [3, 9])
        // The slow one would be at the last of four until 10 s; the fast one has done them all at 4.
        let (end, tiles) = Self.run(4, seconds: [10, 1], known: true)
        #expect(end == 4 && tiles == [0, 4])
        #expect(Self.run(11, seconds: [2, 2, 2], known: true).tiles == [4, 4, 3])
    }

    @Test(
        "ranks that know what a tile takes are done as early as the best shares would be",
        arguments: 1...6
    )
    func makespan(places: Int) {
        var random = SeededRandom(seed: UInt64(places))
        for _ in 0..<200 {
            let seconds = (0..<places).map { _ in Double(Int.random(in: 1...20, using: &random)) }
            let count = Int.random(in: 1...41, using: &random)
            let (end, tiles) = Self.run(count, seconds: seconds, known: true)
            #expect(tiles.reduce(0, +) == count)
            // The best shares are done at the first moment at which all ranks together have done as many.
            var best = 0.0
            while seconds.reduce(0, { $0 + Int(best / $1) }) < count { best += 1 }
            #expect(end <= best, "\(seconds), \(count) tiles: \(tiles)")
        }
    }

    @Test("a slow rank is not refused a whole line of small pictures")
    func line() {
        var desk = TileDesk(places: 2)
        let seconds = [3.0, 1]
        for place in 0..<2 {
            let claim = TileClaim(image: 0, count: 0, lastTile: .seconds(seconds[place]))
            #expect(desk.claim(claim, by: place, now: .zero) == nil)
        }
        // Each asks about pictures of one tile, one after the other, until there is none left for it.
        var (free, next, done) = ([0.0, 0], [Int32(1), 1], [0, 0])
        while let place = (0..<2).filter({ next[$0] <= 40 }).min(by: { (free[$0], -$0) < (free[$1], -$1) }) {
            let claim = TileClaim(image: next[place], count: 1, lastTile: .seconds(seconds[place]))
            if desk.claim(claim, by: place, now: .seconds(free[place])) != nil {
                free[place] += seconds[place]
                done[place] += 1
            } else {
                next[place] += 1
            }
        }
        #expect(done.reduce(0, +) == 40 && done[0] >= 8 && desk.count == 0, "\(done)")
        #expect((free.max() ?? 0) <= 33, "the best shares take 30 s")
    }

    @Test("of a picture that nobody waits for no more is handed out, and what is never asked for again takes no memory")
    func forgotten() {
        var desk = TileDesk(places: 3)
        #expect(ask(&desk, 1, 11) == 0)
        #expect(ask(&desk, 2, 11) == 0)
        desk.forget([1, 7])
        #expect(ask(&desk, 1, 11) == nil)
        #expect(ask(&desk, 2, 11) == 1)
        for image in Int32(100)..<10_000 {
            #expect(ask(&desk, image, 2) == 0)
            desk.forget([image])
        }
        #expect(desk.count == TileDesk.mostForgotten + 1)
        #expect(ask(&desk, 9_999, 2) == nil, "the latest are remembered")
        // Pictures are not encoded in the order of their numbers.
        for image in [Int32(50), 20_000] { #expect((0..<4).map { _ in ask(&desk, image, 3) } == [0, 1, 2, nil]) }
        desk.forget([30_000])
        #expect(ask(&desk, 30_000, 2) == nil, "forgotten before anybody asked")
    }

    private func ask(_ desk: inout TileDesk, _ image: Int32, _ count: Int) -> Int? {
        desk.claim(TileClaim(image: image, count: count), by: 0, now: .zero)
    }

    private static let pictures = ["wide.png", "photo444.jpg", "dot.png", "tall.png"]

    /// What some workers, the first of which hands out tiles, encode of the pictures, each picture's tiles by their place.
    private static func tokens(places: Int, helpers: Int = 0) throws -> [[Int]: [Float]] {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let files = try pictures.map { try Data(contentsOf: Fixtures.url("images/\($0)")) }
        let encoder = TileEncoder(checkpoint, format: .native, threads: 1)
        let counts = try files.map { try encoder.tileCount(of: [UInt8]($0), cut: nil) }
        for (file, count) in zip(files, counts) {
            #expect(try encoder.tiles(of: [UInt8](file), cut: nil).count == count)
        }
        var options = RankOptions(model: checkpoint.directory)
        (options.threads, options.visionThreads) = (1, 1 + helpers)
        let seat = RankPlace(1, ranksHere: [0, 1], options)
        let claims = (0..<places).map { TileClaims($0 == 0 ? TileDesk(places: places) : nil) }
        let workers = claims.map { VisionWorker($0) }
        for worker in workers {
            worker.start(checkpoint, format: .native, on: seat, maxPixels: options.maxPixels)
            for (image, file) in files.enumerated() { worker.submit(ImageJob(number: Int32(image)), bytes: file) }
            worker.finish()
        }
        var found: [[Int]: [Float]] = [:]
        let deadline = ContinuousClock.now + .seconds(Watchdog.seconds)
        while found.count < counts.reduce(0, +), ContinuousClock.now < deadline {
            // As the ranks' messages do.
            for (place, asking) in claims.enumerated().dropFirst() {
                while let claim = asking.takeAsked() { asking.grant(claims[0].serve(claim, by: place)) }
            }
            for worker in workers {
                guard let output = worker.outputs.next(within: .milliseconds(1)) else { continue }
                switch output {
                case .tile(let tile):
                    let tokens = (0..<tile.tokens.count).map { tile.tokens[$0] }
                    let before = found.updateValue(tokens, forKey: [Int(tile.image), tile.index])
                    #expect(before == nil, "two ranks encoded tile \(tile.index) of picture \(tile.image)")
                case .failed(let failure): Issue.record("\(failure)")
                case .ready(let stats): #expect(stats.threads == 1 && stats.helpers == helpers)
                case .progress: break
                }
            }
        }
        #expect(
            Set(found.keys) == Set(counts.enumerated().flatMap { image, count in (0..<count).map { [image, $0] } })
        )
        return found
    }

    @Test("ranks share the tiles of pictures, and together they have one rank's bits, with helpers or without")
    func divided() throws {
        let one = try Self.tokens(places: 1)
        #expect(one.count > Self.pictures.count)
        #expect(try Self.tokens(places: 1, helpers: 3) == one)
        for places in [2, 3, 7] { #expect(try Self.tokens(places: places, helpers: places % 2) == one) }
    }
}
