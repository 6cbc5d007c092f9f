extension ModelConfig.Decoder {
    /// Quantisation groups are this many columns wide and stay whole, so leaf blocks of the MLP are multiples of it.
    package static let groupColumns = 32
    /// At most this many leaf blocks an MLP has; fine enough to balance 32 ranks.
    package static let maxMLPLeaves = 32

    /// Columns of a leaf of `down`, rows of a leaf of `gate` and `up`; the last leaf may be shorter.
    ///
    /// A row-parallel product is summed leaf by leaf, and a leaf is what a rank owns or does not own. The model alone
    /// fixes it, so that neither sums nor packed files depend on the ranks.
    package var mlpBlock: Int {
        let groups = (intermediate + Self.groupColumns - 1) / Self.groupColumns
        return (groups + Self.maxMLPLeaves - 1) / Self.maxMLPLeaves * Self.groupColumns
    }

    /// Leaf blocks of the MLP.
    package var mlpLeaves: Int { (intermediate + mlpBlock - 1) / mlpBlock }
}
