internal import Digests
internal import Foundation
internal import Frontend
internal import GroupLink
internal import WireProtocol
internal import Requests

/// A request made ready for the ranks: its tokens, its pictures, and the names of its pages.
struct Preparation: Sendable {
    let body: GenerateBody
    let prepared: PreparedRequest
    let pageKeys: [PageKey]
    let maxTokens: Int
    let seed: UInt64
}

/// Where the bytes of a request's picture are.
enum PictureSource: Sendable {
    case bytes([UInt8])
    /// A file below the directory that the operator allowed.
    case file(path: String, directory: URL)
}
