package import Requests

extension StatsReport.Cache {
    /// Pages on the disks of decoder ranks; counts begin anew with each group.
    package struct Disk: Codable, Sendable, Equatable {
        package var pages = 0
        package var capacity = 0
        /// On all ranks together.
        package var bytes = 0
        package var read = 0
        package var written = 0
        package var refused = 0
        package var readBytes = 0
        package var writtenBytes = 0
        /// Whether every group that has pages on disk reads them, and writes them.
        package var reading = true
        package var writing = true

        /// - Returns: `nil` if no group has any.
        package init?(_ groups: [DiskFigures]) {
            guard !groups.isEmpty else { return nil }
            for group in groups {
                pages += group.pages
                capacity += group.capacity
                bytes += group.pages * group.pageBytes
                read += group.read
                written += group.written
                refused += group.refused
                readBytes += group.read * group.pageBytes
                writtenBytes += group.written * group.pageBytes
                reading = reading && group.isReading
                writing = writing && group.isWriting
            }
        }
    }
}
