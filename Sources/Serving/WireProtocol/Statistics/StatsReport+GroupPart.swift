extension StatsReport {
    /// One of the groups behind the server, in `groups`.
    package struct GroupPart: Codable, Sendable, Equatable {
        /// Its number, from 0; ranks name it where there are several.
        package var group: Int
        /// `loading`, `ready`, `waiting` to be started again, or `empty`.
        package var state: String
        package var generation: Int
        package var restarts = 0
        /// How often it was started anew to be larger, and the hosts that it does without now.
        package var regrowths: Int?
        package var missingHosts: [String]?
        package var decoder: Int
        package var vision: Int
        package var askedDecoder: Int
        package var sinceS: Double
        /// Requests that it has now, those that it was ever handed, and those among them that a lost group had begun.
        package var running = 0
        package var handed = 0
        package var resumed = 0
        package var promptTokens = 0
        package var cachedTokens = 0
        package var generatedTokens = 0
        /// Of its KV cache.
        package var pages = 0
        package var usedPages = 0

        package init(
            group: Int,
            state: String,
            generation: Int,
            decoder: Int,
            vision: Int,
            askedDecoder: Int,
            sinceS: Double
        ) {
            (self.group, self.state, self.generation) = (group, state, generation)
            (self.decoder, self.vision, self.askedDecoder, self.sinceS) = (decoder, vision, askedDecoder, sinceS)
        }
    }
}
