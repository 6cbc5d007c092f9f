import Testing
import WireProtocol

@testable import Coordinator

struct PendingBlobsTests {
    @Test("Blobs ahead of their request: by index, replaced, dropped, and never more than the limit")
    func pending() throws {
        let (one, two) = (try #require(RequestId("r1")), try #require(RequestId("r2")))
        var blobs = PendingBlobs()
        #expect(blobs.keep([1, 2, 3], index: 0, of: one, limit: 10) == true)
        #expect(blobs.keep([4], index: 5, of: one, limit: 10) == true)
        #expect(blobs.keep([7, 7], index: 0, of: one, limit: 10) == true)
        #expect(blobs.blobs(of: one) == [0: [7, 7], 5: [4]] && blobs.byteCount == 3)
        #expect(blobs.keep([UInt8](repeating: 0, count: 8), index: 0, of: two, limit: 10) == false)
        blobs.spareBlobs(of: one)
        #expect(
            blobs.keep([UInt8](repeating: 0, count: 8), index: 0, of: two, limit: 10) == true,
            "spare ones make room"
        )
        #expect(blobs.blobs(of: one) == [:])
        blobs.drop(two)
        #expect(blobs.byteCount == 0)
    }
}
