internal import Foundation
package import Kernels
package import Requests

/// One rank's pages on disk: they are moved by threads of their own between the cache and a directory, one file a page.
///
/// Called by the thread that computes. It must leave a page alone from ``begin(_:)`` until ``finished()`` tells of it:
/// bytes go straight from the cache to the file and back, and no step waits for a disk or copies a page.
package final class PageStore {
    package let directory: PageDirectory
    private let cache: KVCachePages
    private let outcomes = Outcomes()
    /// Two, since a checksum takes about as long as a fast disk.
    private let readers = PageLane("page-reader", threads: 2, isModest: false)
    private let writer = PageLane("page-writer", threads: 1, isModest: true)

    private final class Outcomes: @unchecked Sendable {
        // Safe because the list is behind the lock.
        private let lock = NSLock()
        private var list: [PageOutcome] = []

        func add(_ outcome: PageOutcome) { lock.withLock { list.append(outcome) } }
        func take() -> [PageOutcome] {
            lock.withLock {
                defer { list = [] }
                return list
            }
        }
    }

    /// The place of a page's bytes, for a thread that moves them.
    private struct Place: @unchecked Sendable {
        // Safe because nobody else touches a page that is under way, and the cache lives as long as this.
        let cache: KVCachePages
        let layers: [UnsafeMutableRawBufferPointer]
    }

    package init(_ directory: PageDirectory, cache: KVCachePages) {
        precondition(directory.shape.layers == cache.layers && directory.shape.layerBytes == cache.layout.pageBytes)
        (self.directory, self.cache) = (directory, cache)
    }

    /// Puts a page in line to be written or read; it never fails here, and `finished` tells how it fared.
    package func begin(_ transfer: PageTransfer) {
        let file = directory.file(transfer.key)
        let layers = (0..<cache.layers).map { cache.bytes(ofPage: Int(transfer.page), layer: $0) }
        let place = Place(cache: cache, layers: layers)
        let lane = transfer.kind == .save ? writer : readers
        lane.add { [outcomes] in
            let began = ContinuousClock.now
            var outcome = PageOutcome(transfer)
            do throws(PageFailure) {
                switch transfer.kind {
                case .save: try file.write(place.layers.map { UnsafeRawBufferPointer($0) })
                case .load: try file.read(into: place.layers)
                }
            } catch {
                outcome.failure = error
            }
            let time = (ContinuousClock.now - began) / .microseconds(1)
            outcome.microseconds = Int32(min(time, Double(Int32.max)))
            outcomes.add(outcome)
        }
    }

    /// Removes pages' files, behind everything that is to be written already.
    package func remove(_ keys: [PageKey]) {
        guard !keys.isEmpty else { return }
        let files = keys.map { directory.file($0) }
        writer.add { for file in files { file.remove() } }
    }

    /// What has come to its end since the last call.
    package func finished() -> [PageOutcome] { outcomes.take() }

    /// Ends the threads, and lets the directory go; the page that is being written is waited for, not long.
    package func close() {
        readers.close(within: .milliseconds(100))
        writer.close(within: .seconds(1))
        directory.release()
    }
}
