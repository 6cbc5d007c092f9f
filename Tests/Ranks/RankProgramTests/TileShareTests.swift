import Checkpoints
import Foundation
import GroupLink
import Requests
import Tensors
import TestSupport
import Testing

@testable import RankProgram

@Suite("Which tiles a vision rank encodes", .ownThread)
struct TileShareTests {
    @Test("every tile is one rank's, shares are neighbours and differ by one, and turns change", arguments: 1...9)
    func shares(places: Int) {
        for count in 0...50 {
            var firsts: Set<Int> = []
            for image in Int32(0)..<Int32(2 * places) {
                let shares = (0..<places).map { TileShare(place: $0, of: places).tiles(of: count, image: image) }
                #expect(shares.flatMap { $0 }.sorted() == Array(0..<count))
                #expect(shares.allSatisfy { (count / places...(count + places - 1) / places).contains($0.count) })
                if let first = shares.firstIndex(where: { $0.contains(0) }) { firsts.insert(first) }
            }
            #expect(firsts.count == (count == 0 ? 0 : places), "small pictures go to one rank after the other")
        }
        // Five columns and two rows with their thumbnail, over two ranks: each resizes one row.
        #expect((0..<2).map { TileShare(place: $0, of: 2).tiles(of: 11, image: 0) } == [0..<5, 5..<11])
    }

    private static let pictures = ["wide.png", "photo444.jpg", "dot.png", "tall.png"]

    /// The visual tokens that one vision rank of several sends, by picture and tile.
    private static func tokens(place: Int, of places: Int, helpers: Int = 0) throws -> [[Int]: [Float]] {
        let checkpoint = try Checkpoint(directory: Fixtures.url("mini-f32"))
        let files = try pictures.map { try Data(contentsOf: Fixtures.url("images/\($0)")) }
        let encoder = TileEncoder(checkpoint, format: .native, threads: 1)
        var expected: [[Int]] = []
        for (image, file) in files.enumerated() {
            let count = try encoder.tileCount(of: [UInt8](file), cut: nil)
            #expect(count == (try encoder.tiles(of: [UInt8](file), cut: nil).count))
            let mine = TileShare(place: place, of: places).tiles(of: count, image: Int32(image))
            expected += mine.map { [image, $0] }
        }
        var options = RankOptions(model: checkpoint.directory)
        (options.threads, options.visionThreads) = (1, 1 + helpers)
        let worker = VisionWorker(place: place, of: places)
        let seat = RankPlace(1, ranksHere: [0, 1], options)
        worker.start(checkpoint, format: .native, on: seat, maxPixels: options.maxPixels)
        for (image, file) in files.enumerated() { worker.submit(ImageJob(number: Int32(image)), bytes: file) }
        worker.finish()
        var (found, order): ([[Int]: [Float]], [[Int]]) = ([:], [])
        while order.count < expected.count, let output = worker.outputs.next(within: .seconds(Watchdog.seconds)) {
            switch output {
            case .tile(let tile):
                order.append([Int(tile.image), tile.index])
                found[[Int(tile.image), tile.index]] = (0..<tile.tokens.count).map { tile.tokens[$0] }
            case .failed(let failure): Issue.record("\(failure)")
            case .ready(let stats): #expect(stats.threads == 1 && stats.helpers == helpers)
            case .progress: break
            }
        }
        #expect(order == expected, "its own tiles, and nobody else's")
        return found
    }

    @Test("ranks encode their own tiles, and together they have one rank's bits, with helpers or without")
    func divided() throws {
        let one = try Self.tokens(place: 0, of: 1)
        #expect(one.count > Self.pictures.count)
        #expect(try Self.tokens(place: 0, of: 1, helpers: 3) == one)
        for places in [2, 3, 7] {
            var all: [[Int]: [Float]] = [:]
            for place in 0..<places {
                all.merge(try Self.tokens(place: place, of: places, helpers: place % 2)) { a, _ in
                    Issue.record("two ranks encoded one tile")
                    return a
                }
            }
            #expect(all == one)
        }
    }
}
