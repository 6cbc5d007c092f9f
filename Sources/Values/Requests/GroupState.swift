/// Where the server stands.
package enum GroupState: String, Codable, Sendable {
    case loading
    case ready
    /// It runs with fewer ranks than it was asked to.
    case degraded
    case draining
}
