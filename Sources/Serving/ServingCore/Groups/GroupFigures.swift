/// Where the group of a slot stands.
package enum GroupPhase: String, Sendable {
    /// None is there.
    case empty
    /// Ranks start and load.
    case loading
    case ready
    /// It was lost, and is started again soon.
    case waiting
}

/// What has been done in a slot, over all its groups.
package struct GroupFigures: Sendable, Equatable {
    /// Requests that were handed to a group, and those among them that a lost group had begun.
    package var handed = 0
    package var resumed = 0
    package var losses = 0
    /// How often it made room for a larger one.
    package var regrowths = 0
    /// Of the requests that a group has ended by itself.
    package var promptTokens = 0
    /// Of those, found in the prefix cache.
    package var cachedTokens = 0
    package var generatedTokens = 0
}
