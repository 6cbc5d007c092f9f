import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Pictures that are accepted by their header, and that no vision rank can read.
@Suite("Damaged pictures", .serialized, .ownThread)
struct DamagedPictureTests {
    @Test("questions that share a damaged picture all end, again and again, and others are answered meanwhile")
    func shared() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--max-sequences", "2", "--vision-ranks", "2"], in: directory)
            let whole = [UInt8](try Data(contentsOf: Fixtures.url("images/rotated_exif.jpg")))
            let client = try server.connect()
            for round in 0..<10 {
                // Cut in another place each time, so that the server cannot know the picture from before.
                let cut = Array(whole.prefix(whole.count * 2 / 3 - round))
                for number in 0..<12 {
                    client.send("BLOB r\(round).\(number) 0 \(cut.count)")
                    client.send(cut + [10])
                    client.send(#"GENERATE r\#(round).\#(number) {"prompt":"describe the image"}"#)
                }
                let healthy = try server.ask(#"{"prompt":"what is 3 plus 4?"}"#)
                #expect(healthy.end?.text == "3 + 4 = 7.")
                var codes: [String] = []
                while codes.count < 12 {
                    switch try client.event() {
                    case .err(_, let error): codes.append(error.code.rawValue)
                    case .end(_, let end): codes.append(end.finish)
                    default: break
                    }
                }
                #expect(codes.allSatisfy { $0 == "BAD_IMAGE" }, "\(codes)")
            }
            #expect(server.end().status == 0)
        }
    }

}
