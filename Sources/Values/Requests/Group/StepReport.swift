/// What one step of the decoder ranks brought, and how the leader stands after it.
package struct StepReport: Codable, Sendable, Equatable {
    /// New tokens of one job's answer.
    package struct Tokens: Codable, Sendable, Equatable {
        package var id: String
        package var ids: [Int32]
        /// One for each of `ids` if the job asked for log-probabilities, else empty.
        package var logprobs: [TokenLogprobs] = []
        /// What was drafted for the step; `nil` in most: what is not there costs nothing on its way.
        package var draft: Draft?

        /// Tokens that were drafted, and how many of them are among `ids`.
        package struct Draft: Codable, Sendable, Equatable {
            package var drafted: Int
            package var accepted: Int
            /// Whether a draft model guessed them; `nil` where nobody but the texts before did.
            package var isOfModel: Bool?

            package init(drafted: Int, accepted: Int, isOfModel: Bool? = nil) {
                (self.drafted, self.accepted, self.isOfModel) = (drafted, accepted, isOfModel)
            }
        }

        package init(id: String, ids: [Int32]) {
            self.id = id
            self.ids = ids
        }
    }

    /// How much of a job's prompt is in the KV cache.
    package struct Prefill: Codable, Sendable, Equatable {
        package var id: String
        package var done: Int
        package var total: Int

        package init(id: String, done: Int, total: Int) {
            self.id = id
            self.done = done
            self.total = total
        }
    }

    package var tokens: [Tokens] = []
    package var prefill: [Prefill] = []
    /// Tiles whose visual tokens have arrived on every decoder rank: image numbers, one a tile.
    package var tiles: [Int32] = []
    /// Jobs that gave their pages up for others and will be computed again.
    package var preempted: [String] = []
    /// Pages that the prefix cache has lost, and then those that it has come to know: one may be in both.
    package var droppedPages: [PageKey] = []
    package var keptPages: [PageKey] = []
    package var load = LeaderLoad()

    package init() {}

    /// Makes the report an empty one, in the memory that it has.
    package mutating func clear() {
        tokens.removeAll(keepingCapacity: true)
        prefill.removeAll(keepingCapacity: true)
        tiles.removeAll(keepingCapacity: true)
        preempted.removeAll(keepingCapacity: true)
        droppedPages.removeAll(keepingCapacity: true)
        keptPages.removeAll(keepingCapacity: true)
        load = LeaderLoad()
    }
}

/// How full the leader is.
package struct LeaderLoad: Codable, Sendable, Equatable {
    /// Jobs that have pages, and jobs that wait for some.
    package var running = 0
    package var waiting = 0
    /// Pages of the KV cache that jobs use, that only the prefix cache holds, and all of them.
    package var usedPages = 0
    package var cachedPages = 0
    package var pages = 0
    /// The disks of its ranks, where pages are kept there.
    package var disk: DiskFigures?

    package init() {}
}
