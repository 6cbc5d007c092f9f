internal import Glibc

/// Why a page could not be written, or be had back.
package enum PageFailure: Int32, Error, Sendable, CaseIterable {
    case missing = 1
    /// Another length than its header or its place says.
    case truncated
    /// Of another model, format, share or build, or no page at all.
    case foreign
    /// A checksum does not hold.
    case damaged
    /// The disk has no room.
    case full
    /// Anything else that the system refuses.
    case refused

    /// The word for a log.
    package var word: String {
        switch self {
        case .missing: "missing"
        case .truncated: "truncated"
        case .foreign: "foreign"
        case .damaged: "damaged"
        case .full: "no room on the disk"
        case .refused: "refused by the system"
        }
    }

    /// What `errno` says.
    init(errno code: Int32) {
        switch code {
        case ENOENT: self = .missing
        case ENOSPC, EDQUOT: self = .full
        default: self = .refused
        }
    }
}
