/// Where a rank keeps its matrices; those of a published checkpoint are copied or kept.
package enum WeightPlacement: String, Sendable, CaseIterable {
    /// In the file's own pages: nothing is copied, and ranks of one host share what they both need. The system may drop
    /// pages that rest, and they are small ones.
    case map
    /// In memory of the rank's own, on huge pages where there are any.
    case copy
    /// In the file's own pages, which are kept in memory by `mlock`.
    case lock
    /// In memory of the host that outlives the rank, for the next one with the same share.
    case keep
}
