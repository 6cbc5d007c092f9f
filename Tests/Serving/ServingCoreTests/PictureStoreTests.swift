import Testing

@testable import ServingCore

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
}
