import Testing

@testable import ServingCore

struct VisualTokenCacheTests {
    /// Uses a picture, lets all of its tiles come, and lets it go.
    static func visit(_ cache: inout VisualTokenCache, _ key: String, bytes: Int = 10) -> (Bool, forgotten: [Int32]) {
        let (number, mustEncode) = cache.use(key, tiles: 1, bytes: bytes, isCovered: false)
        if mustEncode { _ = cache.tileArrived(number) }
        return (mustEncode, cache.release(key, number))
    }

    @Test("A picture is encoded once while there is room; the one not used for longest goes first")
    func leastRecentlyUsed() {
        var cache = VisualTokenCache(limit: 20)
        #expect(Self.visit(&cache, "a") == (true, []))
        #expect(Self.visit(&cache, "b") == (true, []))
        #expect(Self.visit(&cache, "a") == (false, []))
        #expect(Self.visit(&cache, "c") == (true, [1]), "b goes")
        #expect(cache.byteCount == 20)
        #expect(Self.visit(&cache, "a") == (false, []))
        #expect(Self.visit(&cache, "b") == (true, [2]), "c goes, and b has a new number")
        #expect(cache.key(of: 3) == "b" && cache.key(of: 1) == nil)
        #expect(cache.hits == 2 && cache.misses == 4)
    }

    @Test("Pictures in use stay, however large; one that fits nowhere goes with its user")
    func pinned() {
        var cache = VisualTokenCache(limit: 20)
        let first = cache.use("big", tiles: 1, bytes: 100, isCovered: false)
        #expect(first == (0, true))
        #expect(cache.use("big", tiles: 1, bytes: 100, isCovered: false) == (0, false))
        _ = cache.tileArrived(0)
        #expect(cache.release("big", 0) == [])
        #expect(cache.pinnedBytes == 100)
        #expect(cache.release("big", 0) == [0])
        #expect(cache.byteCount == 0 && cache.pinnedBytes == 0)
    }

    @Test("Half a picture is forgotten when its last user leaves")
    func half() {
        var cache = VisualTokenCache(limit: 1000)
        _ = cache.use("a", tiles: 3, bytes: 10, isCovered: false)
        #expect(cache.tileArrived(0) == true)
        #expect(!cache.isComplete("a") && cache.arrivedTiles("a") == 1)
        #expect(cache.release("a", 0) == [0])
        #expect(cache.tileArrived(0) == false, "a late tile")
        #expect(cache.use("a", tiles: 3, bytes: 10, isCovered: false) == (1, true))
    }

    @Test("A picture that the pages cover is encoded only when the leader asks, once")
    func covered() {
        var cache = VisualTokenCache(limit: 1000)
        #expect(cache.use("a", tiles: 2, bytes: 10, isCovered: true) == (0, false))
        #expect(cache.isComplete("a") && !cache.isRequested("a"))
        #expect(cache.want(0) == true)
        #expect(cache.want(0) == false)
        #expect(cache.want(99) == false)
        #expect(!cache.isComplete("a") && cache.isRequested("a"))
        #expect(cache.use("b", tiles: 1, bytes: 10, isCovered: true) == (1, false))
        #expect(cache.use("b", tiles: 1, bytes: 10, isCovered: false) == (1, true), "another user needs it")
    }

    @Test("A lost group leaves nothing, and numbers are not used again")
    func reset() {
        var cache = VisualTokenCache(limit: 1000)
        _ = cache.use("a", tiles: 1, bytes: 10, isCovered: false)
        cache.reset()
        #expect(cache.byteCount == 0 && cache.key(of: 0) == nil && cache.release("a", 0) == [])
        #expect(cache.use("a", tiles: 1, bytes: 10, isCovered: false) == (1, true))
    }

    @Test("Letting go of a picture that was taken out says nothing of another with the same content")
    func replaced() {
        var cache = VisualTokenCache(limit: 1000)
        _ = cache.use("a", tiles: 1, bytes: 10, isCovered: false)
        #expect(cache.remove("a") == 0)
        #expect(cache.use("a", tiles: 1, bytes: 10, isCovered: false) == (1, true))
        #expect(cache.release("a", 0) == [] && cache.users == 1)
    }
}
