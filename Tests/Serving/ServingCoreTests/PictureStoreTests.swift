import Testing
import WireProtocol

@testable import Coordinator

struct PictureStoreTests {
    @Test("The picture that nobody named for longest goes first; one that is too large is not kept")
    func leastRecentlyUsed() {
        var store = PictureStore(limit: 10)
        store.keep([1, 2, 3, 4], digest: "a")
        store.keep([5, 6, 7, 8], digest: "b")
        #expect(store.bytes(digest: "a") == [1, 2, 3, 4])
        store.keep([9, 10, 11], digest: "c")
        #expect(store.bytes(digest: "b") == nil)
        #expect(store.bytes(digest: "a") == [1, 2, 3, 4] && store.bytes(digest: "c") == [9, 10, 11])
        store.keep([UInt8](repeating: 0, count: 11), digest: "d")
        #expect(store.bytes(digest: "d") == nil && store.byteCount == 7)
        store.keep([1, 2, 3, 4], digest: "a")
        #expect(store.byteCount == 7, "the same picture twice is one")
    }

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
