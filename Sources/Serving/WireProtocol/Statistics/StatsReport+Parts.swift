/// The objects inside STATS.
extension StatsReport {
    package struct Requests: Codable, Sendable, Equatable {
        package var running: Int
        package var waiting: Int
        package var accepted: Int
        package var ended: [String: Int]
        /// Of those accepted, how many ended with an ERR.
        package var failed: Int
        package var errors: [String: Int]
        package var replayed: Int
        package var preempted: Int

        package init(
            running: Int,
            waiting: Int,
            accepted: Int,
            ended: [String: Int],
            failed: Int,
            errors: [String: Int],
            replayed: Int,
            preempted: Int
        ) {
            (self.running, self.waiting, self.accepted, self.ended) = (running, waiting, accepted, ended)
            (self.failed, self.errors, self.replayed, self.preempted) = (failed, errors, replayed, preempted)
        }
    }

    package struct Tokens: Codable, Sendable, Equatable {
        package var prompt: Int
        package var cached: Int
        package var image: Int
        package var thinking: Int
        package var answer: Int
        package var generated: Int

        package init(prompt: Int, cached: Int, image: Int, thinking: Int, answer: Int, generated: Int) {
            (self.prompt, self.cached, self.image, self.thinking) = (prompt, cached, image, thinking)
            (self.answer, self.generated) = (answer, generated)
        }
    }

    /// Drafts that were checked, and how many of their tokens were right: in all, and by place in the draft.
    package struct Speculation: Codable, Sendable, Equatable {
        package var drafts: Int
        package var draftTokens: Int
        package var acceptedTokens: Int
        package var acceptedPerPosition: [Int]
        /// Where there is a draft model.
        package var draftModel: DraftModel?

        package init(drafts: Int, draftTokens: Int, acceptedTokens: Int, acceptedPerPosition: [Int]) {
            (self.drafts, self.draftTokens) = (drafts, draftTokens)
            (self.acceptedTokens, self.acceptedPerPosition) = (acceptedTokens, acceptedPerPosition)
        }
    }

    /// A draft model beside the decoder: how it is, its ranks, and what its drafts came to.
    package struct DraftModel: Codable, Sendable, Equatable {
        package struct Rank: Codable, Sendable, Equatable {
            /// The group for which it guesses.
            package var group: Int
            package var rank: Int
            package var role: String
            package var host: String
            package var pid: Int32

            package init(group: Int, rank: Int, role: String, host: String, pid: Int32) {
                (self.group, self.rank, self.role, self.host, self.pid) = (group, rank, role, host, pid)
            }
        }

        package var model: String
        /// Of the worst group: loading, ready, lost, or off where it is not tried any more.
        package var state: String
        /// How often its ranks were lost.
        package var losses: Int
        /// Guesses that it has made, and the drafts of it that were checked.
        package var guesses: Int
        package var drafts: Int
        package var draftTokens: Int
        package var acceptedTokens: Int
        package var ranks: [Rank]

        package init(
            model: String,
            state: String,
            losses: Int,
            guesses: Int,
            drafts: Int,
            draftTokens: Int,
            acceptedTokens: Int,
            ranks: [Rank]
        ) {
            (self.model, self.state, self.losses, self.guesses) = (model, state, losses, guesses)
            (self.drafts, self.draftTokens, self.acceptedTokens, self.ranks) = (
                drafts, draftTokens, acceptedTokens, ranks
            )
        }
    }

    package struct Rates: Codable, Sendable, Equatable {
        package var answerPerS: Double
        package var promptPerS: Double

        package init(answerPerS: Double, promptPerS: Double) {
            (self.answerPerS, self.promptPerS) = (answerPerS, promptPerS)
        }
    }

    package struct Quantiles: Codable, Sendable, Equatable {
        package var p50: Double
        package var p95: Double
        package var p99: Double
        package var count: Int

        package init(p50: Double, p95: Double, p99: Double, count: Int) {
            (self.p50, self.p95, self.p99, self.count) = (p50, p95, p99, count)
        }
    }

    package struct Latency: Codable, Sendable, Equatable {
        package var ttftMs: Quantiles
        package var itlMs: Quantiles
        package var e2eMs: Quantiles
        package var queueMs: Quantiles

        package init(ttftMs: Quantiles, itlMs: Quantiles, e2eMs: Quantiles, queueMs: Quantiles) {
            (self.ttftMs, self.itlMs, self.e2eMs, self.queueMs) = (ttftMs, itlMs, e2eMs, queueMs)
        }
    }

    package struct Cache: Codable, Sendable, Equatable {
        package var pages: Int
        package var used: Int
        package var cached: Int
        package var queries: Int
        package var hits: Int
        /// Tokens found over tokens asked for.
        package var hitRate: Double
        package var imagesBytes: Int
        package var imageHits: Int
        package var imageMisses: Int

        package init(
            pages: Int,
            used: Int,
            cached: Int,
            queries: Int,
            hits: Int,
            hitRate: Double,
            imagesBytes: Int,
            imageHits: Int,
            imageMisses: Int
        ) {
            (self.pages, self.used, self.cached, self.queries) = (pages, used, cached, queries)
            (self.hits, self.hitRate, self.imagesBytes, self.imageHits) = (hits, hitRate, imagesBytes, imageHits)
            self.imageMisses = imageMisses
        }
    }

    package struct Group: Codable, Sendable, Equatable {
        package var generation: Int
        package var restarts: Int
        package var decoder: Int
        package var vision: Int
        package var askedDecoder: Int
        package var sinceS: Double
        /// How partial sums travel between hosts, where that rounds them.
        package var wireFormat: String?

        package init(generation: Int, restarts: Int, decoder: Int, vision: Int, askedDecoder: Int, sinceS: Double) {
            (self.generation, self.restarts, self.decoder, self.vision) = (generation, restarts, decoder, vision)
            (self.askedDecoder, self.sinceS) = (askedDecoder, sinceS)
        }
    }

    package struct Rank: Codable, Sendable, Equatable {
        /// Its group's number, where there are several.
        package var group: Int?
        package var rank: Int
        package var role: String
        package var host: String
        package var pid: Int32
        package var threads: Int
        /// Threads of a vision rank besides, which work while nobody else wants their processors.
        package var helperThreads: Int?
        package var computeMs: Double
        package var communicationMs: Double
        package var waitMs: Double
        package var sentBytes: Int
        package var residentBytes: Int
        package var steps: Int
        package var tiles: Int
        /// Requests that ended because their logits are not numbers, on the leading rank.
        package var failures: Int
        package var weightBytes: Int
        package var cacheBytes: Int
        package var silenceMs: Double
        /// Query heads and rows of the MLPs of a decoder rank, once it has loaded.
        package var heads: Int?
        package var rows: Int?
        /// Bytes of weights that it reads for a token; how many it can read a second, where that was measured.
        package var stepBytes: Int?
        package var readBytesPerS: Double?

        package init(
            rank: Int,
            role: String,
            host: String,
            pid: Int32,
            threads: Int,
            computeMs: Double,
            communicationMs: Double,
            waitMs: Double,
            sentBytes: Int,
            residentBytes: Int,
            steps: Int,
            tiles: Int,
            failures: Int,
            weightBytes: Int,
            cacheBytes: Int,
            silenceMs: Double
        ) {
            (self.rank, self.role, self.host, self.pid) = (rank, role, host, pid)
            (self.threads, self.computeMs, self.communicationMs, self.waitMs) = (
                threads, computeMs, communicationMs, waitMs
            )
            (self.sentBytes, self.residentBytes, self.steps, self.tiles) = (sentBytes, residentBytes, steps, tiles)
            self.failures = failures
            (self.weightBytes, self.cacheBytes, self.silenceMs) = (weightBytes, cacheBytes, silenceMs)
        }
    }

    package struct Connections: Codable, Sendable, Equatable {
        package var open: Int
        package var total: Int

        package init(open: Int, total: Int) {
            (self.open, self.total) = (open, total)
        }
    }
}
