import Foundation
import Kernels
import Requests
import TestSupport
import Testing

@testable import PageFiles

@Suite("Pages in files", .ownThread)
struct PageStoreTests {
    static let layout = KVLayout(element: .q8, kvHeads: 3, headDim: 20)

    static func shape(_ word: UInt8 = 7, layers: Int = 3) -> PageShape {
        PageShape(layers: layers, layerBytes: layout.pageBytes, identity: Array(repeating: word, count: 32))
    }

    static func key(_ number: UInt64) -> PageKey { PageKey(high: number &* 0x9E37_79B9_7F4A_7C15, low: number) }

    /// A cache whose every byte is a function of its page, and of the seed.
    static func cache(seed: UInt8 = 0) -> KVCachePages {
        let cache = KVCachePages(layout: layout, layers: 3, pages: 5)
        for page in 0..<5 {
            for layer in 0..<3 {
                let bytes = cache.bytes(ofPage: page, layer: layer)
                for place in bytes.indices {
                    bytes[place] = UInt8(truncatingIfNeeded: place &* (page + 3) &+ layer) ^ seed
                }
            }
        }
        return cache
    }

    static func bytes(_ cache: KVCachePages, _ page: Int) -> [[UInt8]] {
        (0..<3).map { Array(cache.bytes(ofPage: page, layer: $0)) }
    }

    /// Begins transfers, and waits for all of them; failures by page.
    static func move(_ store: PageStore, _ transfers: [PageTransfer]) -> [Int32: PageFailure?] {
        for transfer in transfers { store.begin(transfer) }
        var found: [Int32: PageFailure?] = [:]
        _ = Poll.until {
            for outcome in store.finished() { found[outcome.transfer.page] = .some(outcome.failure) }
            return found.count == transfers.count
        }
        return found
    }

    static func names(_ directory: URL, _ part: String = "pages-") -> [String] {
        let subpaths = FileManager.default.subpaths(atPath: directory.path) ?? []
        return subpaths.filter { $0.contains(part) }.sorted()
    }

    static func files(_ directory: URL) -> [String] { names(directory).filter { $0.hasSuffix(".page") } }

    @Test("what was written is read byte for byte into other pages, also by the next who opens the directory")
    func roundTrip() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let cache = Self.cache()
            do {
                let opened = try #require(try PageDirectory(Self.shape(), in: directory.path, slot: 0))
                let store = PageStore(opened, cache: cache)
                let saves = (0..<5).map { PageTransfer(.save, page: $0, key: Self.key(UInt64($0))) }
                #expect(Self.move(store, saves) == [0: nil, 1: nil, 2: nil, 3: nil, 4: nil])
                store.close()
            }
            let other = Self.cache(seed: 99)
            let opened = try #require(try PageDirectory(Self.shape(), in: directory.path, slot: 0))
            #expect(Set(opened.keys) == Set((0..<5).map { Self.key($0) }) && opened.ignored.isEmpty)
            let store = PageStore(opened, cache: other)
            let loads = (0..<5).map { PageTransfer(.load, page: $0, key: Self.key(UInt64(4 - $0))) }
            #expect(Self.move(store, loads).values.allSatisfy { $0 == nil })
            for page in 0..<5 { #expect(Self.bytes(other, page) == Self.bytes(cache, 4 - page)) }
            store.remove([Self.key(2)])
            #expect(Poll.until { Self.files(directory).count == 4 })
            #expect(Self.move(store, [PageTransfer(.load, page: 1, key: Self.key(2))]) == [1: .missing])
            store.close()
        }
    }

    @Test("nobody else can read what is written")
    func modes() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let store = PageStore(
                try #require(try PageDirectory(Self.shape(), in: directory.path, slot: 0)),
                cache: Self.cache()
            )
            _ = Self.move(store, [PageTransfer(.save, page: 0, key: Self.key(1))])
            store.close()
            let paths = Self.names(directory)
            #expect(paths.count == 3)
            for path in paths {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory.path)/\(path)")
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0, "\(path)")
            }
        }
    }

    @Test("every byte of a file counts: changed, cut, longer or of another page, it is refused")
    func damage() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let store = PageStore(
                try #require(try PageDirectory(Self.shape(), in: directory.path, slot: 0)),
                cache: Self.cache()
            )
            _ = Self.move(store, [0, 1].map { PageTransfer(.save, page: $0, key: Self.key(UInt64($0))) })
            let first = try #require(Self.files(directory).first { $0.contains("00000000.page") })
            let path = directory.appendingPathComponent(first)
            let whole = try Data(contentsOf: path)
            func load(_ data: Data) throws -> PageFailure? {
                try data.write(to: path)
                return Self.move(store, [PageTransfer(.load, page: 2, key: Self.key(0))])[2] ?? .refused
            }
            #expect(try load(whole) == nil)
            var random = SeededRandom(seed: 3)
            let places = Array(0..<90) + (0..<60).map { _ in Int.random(in: 0..<whole.count, using: &random) }
            for place in places + [whole.count - 1] {
                var changed = whole
                changed[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                let failure = try load(changed)
                #expect(failure == .damaged || (place < 8 && failure == .foreign), "byte \(place)")
            }
            for count in [0, 1, 75, 76, 88, whole.count / 2, whole.count - 1] {
                #expect(try load(whole.prefix(count)) == .truncated, "\(count) bytes")
            }
            #expect(try load(whole + [0]) == .truncated)
            // A whole page, and another one.
            let other = try #require(Self.files(directory).first { $0.hasSuffix("1.page") })
            #expect(try load(try Data(contentsOf: directory.appendingPathComponent(other))) == .foreign)
            #expect(try load(whole) == nil)
            store.close()
        }
    }

    @Test("pages of another identity are in another directory, and refused if they are brought over")
    func identity() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let first = PageStore(
                try #require(try PageDirectory(Self.shape(1), in: directory.path, slot: 0)),
                cache: Self.cache()
            )
            _ = Self.move(first, [PageTransfer(.save, page: 0, key: Self.key(5))])
            let opened = try #require(try PageDirectory(Self.shape(2), in: directory.path, slot: 0))
            #expect(opened.keys.isEmpty)
            let from = directory.appendingPathComponent(try #require(Self.files(directory).first))
            let to = URL(fileURLWithPath: opened.path).appendingPathComponent(from.lastPathComponent)
            try FileManager.default.copyItem(at: from, to: to)
            let second = PageStore(opened, cache: Self.cache())
            #expect(Self.move(second, [PageTransfer(.load, page: 0, key: Self.key(5))]) == [0: .foreign])
            first.close()
            second.close()
        }
    }
}
