/// What a rank tells the process in front.
///
/// Any report may carry an attachment of raw bytes.
package enum LinkReport: Codable, Sendable, Equatable {
    /// The first report on a link, after the secret.
    case hello(RankHello)
    /// Part of loading is done.
    case progress(stage: String, done: Int, total: Int)
    /// The rank has loaded its shard and waits for work.
    case ready(RankStats)
    /// What a step of the decoder ranks brought; from decoder rank 0.
    case step(StepReport)
    /// A job's last report.
    case finished(id: String, JobSummary)
    /// A job (`id`), an image (`image`) or, where both are `nil`, the rank itself failed; in the last case it exits next.
    case failed(RankFailure)
    /// Images that were said not to be coming are needed after all; from decoder rank 0.
    case imagesWanted([Int32])
    /// What the rank has done since it started; at most once a second, and only after work.
    case activity(RankActivity)
    /// A tensor for `--trace`, whose values are the attachment.
    case trace(TraceTensor)
    /// A line for the log.
    case log(String)
    /// The answer to a ping; `ticks` counts turns of the main loop, so that a hung main thread shows too.
    case pong(number: UInt64, ticks: UInt64)
    /// The rank closes the link on purpose.
    case goodbye
}

/// What a rank has to say about itself once it is loaded.
package struct RankStats: Codable, Sendable, Equatable {
    /// Bytes of weights that the rank holds, packed.
    package var weightBytes = 0
    /// Bytes reserved for the KV cache.
    package var cacheBytes = 0
    package var loadMilliseconds = 0.0
    /// The instruction set that its kernels use.
    package var kernels = ""

    package init() {}
}

/// How a job ended, with the times of the rank that ran it.
package struct JobSummary: Codable, Sendable, Equatable {
    /// `stop`, `length`, `cancelled` or another `finish` of the protocol.
    package var finish: String
    package var visionMilliseconds = 0.0
    package var prefillMilliseconds = 0.0
    package var firstTokenMilliseconds = 0.0
    package var decodeMilliseconds = 0.0
    /// Tokens of the prompt that the prefix cache had when the job was first admitted.
    package var cachedTokens = 0
    /// Why the end of thinking was forced: `budget` or `loop`; `nil` if it was not.
    package var thinkingCut: String?

    package init(finish: String) { self.finish = finish }
}

/// An error that travels from a rank to the person in front.
package struct RankFailure: Codable, Sendable, Equatable {
    /// The job that failed.
    package var id: String?
    /// The image that could not be encoded.
    package var image: Int32?
    /// One of `ExitCode`'s values.
    package var exitCode: Int32
    /// One sentence without a full stop.
    package var message: String
    package var hint: String?

    package init(id: String? = nil, image: Int32? = nil, exitCode: Int32, message: String, hint: String? = nil) {
        self.id = id
        self.image = image
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// Whether the rank itself cannot go on.
    package var isOfRank: Bool { id == nil && image == nil }
}

/// The name and the shape of a float32 tensor, row-major and little-endian, whose bytes are the attachment.
package struct TraceTensor: Codable, Sendable, Equatable {
    /// The job that it belongs to.
    package var id: String
    package var name: String
    package var shape: [Int]

    package init(id: String, name: String, shape: [Int]) {
        self.id = id
        self.name = name
        self.shape = shape
    }
}
