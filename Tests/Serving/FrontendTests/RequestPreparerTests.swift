import Checkpoints
import Foundation
import Requests
import ServingCore
import TestSupport
import Testing
import Tokenization

@testable import Frontend

/// How the options of a request reach the tiles and the names of its pictures.
struct RequestPreparerTests {
    private static func prepare(
        _ names: [String],
        parts: [Bool?] = [],
        _ change: (inout RequestOptions) -> Void = { _ in },
        images: (inout ModelConfig.Images) -> Void = { _ in }
    ) throws -> PreparedRequest {
        let directory = Fixtures.url("mini-bf16")
        var config = try ModelConfig(directory: directory)
        images(&config.images)
        let preparer = RequestPreparer(config, tokenizer: try Tokenizer(directory: directory))
        let pictures = try names.map { [UInt8](try Data(contentsOf: Fixtures.url("images/\($0)"))) }
        let content = names.indices.map { index in
            ChatMessage.Part.image(names[index], orient: parts.isEmpty ? nil : parts[index])
        }
        let message = ChatMessage(role: .user, parts: content + [.text("describe the image")])
        var request = ConversationRequest(id: "r", messages: [message])
        change(&request.options)
        return try preparer.prepare(request, images: pictures)
    }

    @Test("The same bytes under other options have other content keys, and so other pages")
    func keys() throws {
        let changes: [(inout RequestOptions) -> Void] = [
            { _ in }, { $0.orient = true }, { $0.rgbFirst = true }, { $0.tiling = .msac }, { $0.maxTiles = 9 },
        ]
        let found = try changes.map { try Self.prepare(["rotated_exif.jpg"], $0) }
        #expect(Set(found.flatMap(\.contentKeys)).count == changes.count)
        #expect(Set(found.map { $0.pageKeys(pageTokens: 16).last }).count == changes.count)
        #expect(Set(found.map { $0.pictures[0].digest }).count == 1, "by its bytes it is one picture")
    }

    @Test("A part's orient wins over the request's; turned, a picture's grid is turned")
    func orient() throws {
        let names = ["rotated_exif.jpg", "rotated_exif.jpg", "rotated_exif.jpg"]
        let request = try Self.prepare(names, parts: [nil, true, false]) { $0.orient = true }
        #expect(request.pictures.map(\.cut.orient) == [true, true, false])
        let grids = request.grids.map(\.first)
        #expect(grids[0] == grids[1] && grids[0] == grids[2].reversed() && grids[0][0] != grids[0][1])
    }

    @Test("Two grids for a single picture, and one each for several")
    func several() throws {
        let one = try Self.prepare(["wide.png"]) { $0.tiling = .msac }
        let second = try #require(one.grids[0].second)
        let plain = try Self.prepare(["wide.png"])
        #expect(one.tiles[0] == plain.tiles[0] + second[0] * second[1] && plain.grids[0].second == nil)
        let two = try Self.prepare(["wide.png", "tall.png"]) { $0.tiling = .msac }
        #expect(two.grids.allSatisfy { $0.second == nil })
    }

    @Test("A checkpoint whose processor crops at several scales is followed, unless the request says otherwise")
    func checkpoint() throws {
        let own = try Self.prepare(["wide.png"], images: { $0.usesMSAC = true })
        #expect(own.grids[0].second != nil)
        let asked = try Self.prepare(["wide.png"], { $0.tiling = .standard }, images: { $0.usesMSAC = true })
        #expect(asked.grids[0].second == nil)
    }
}
