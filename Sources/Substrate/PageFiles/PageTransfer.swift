package import Requests

/// A page of the KV cache on its way to the disk, or back.
package struct PageTransfer: Sendable, Equatable {
    package enum Kind: Int32, Sendable {
        case save = 0
        case load = 1
    }

    package var kind: Kind
    /// Its place in the cache, which nobody writes while the page is under way.
    package var page: Int32
    package var key: PageKey

    package init(_ kind: Kind, page: Int32, key: PageKey) {
        (self.kind, self.page, self.key) = (kind, page, key)
    }
}

/// How a page fared on one rank.
package struct PageOutcome: Sendable, Equatable {
    package var transfer: PageTransfer
    /// `nil` where all went well.
    package var failure: PageFailure?
    /// What the rank took for it, without what stood before it in line.
    package var microseconds: Int32

    package init(_ transfer: PageTransfer, failure: PageFailure? = nil, microseconds: Int32 = 0) {
        (self.transfer, self.failure, self.microseconds) = (transfer, failure, microseconds)
    }
}
