/// How pages of the KV cache fare on the disks of a group's decoder ranks.
package struct DiskFigures: Codable, Sendable, Equatable {
    /// Pages that every rank has on its disk, and as many as there may be.
    package var pages = 0
    package var capacity = 0
    /// Bytes of a page on all ranks together.
    package var pageBytes = 0
    /// Pages that were written, that came back, and that could not be had or written, since the group's start.
    package var written = 0
    package var read = 0
    package var refused = 0
    /// Whether pages are written; not any more once a disk is full.
    package var isWriting = true
    /// Whether pages are read; not where computing them has turned out to be faster.
    package var isReading = true

    package init() {}
}
