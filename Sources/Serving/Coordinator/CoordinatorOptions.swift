package import Foundation
package import Frontend
package import GroupLauncher
internal import ImagePreprocessing
package import RankProgram
package import Requests
internal import ServingCore

/// Everything that a server depends on besides its checkpoint.
package struct CoordinatorOptions: Sendable {
    /// `host:port`s to listen on for FLOTILLA/1.
    package var listen: [ListenAddress] = []
    /// `host:port`s to listen on for HTTP.
    package var http: [ListenAddress] = []
    package var api = APIOptions()
    /// What all TCP ports speak TLS with; `nil`: they speak none.
    package var tls: TLSFiles?
    /// Paths of Unix sockets to listen on.
    package var unixPaths: [String] = []
    /// The tokens that clients prove themselves with; empty: no authentication.
    package var tokens: [AccessToken] = []
    /// The only directory whose pictures a request may name by path; `nil`: none.
    package var imageDirectory: URL?
    package var limits = ServerLimits()
    /// The ranks' options; the number of decoder ranks is what is asked for.
    package var rankOptions: RankOptions
    /// How each group is started, with the hosts that are its own; one slot a group.
    package var groupSpecs: [GroupSpec]
    /// The draft model of each group; empty where there is none.
    package var drafts: [DraftLaunch] = []
    /// Whether its ranks are waited for, which something else starts.
    package var isAttached = false
    /// What the receipts of all answers have in common; whether every answer has one, asked for or not.
    package var receipts: Receipt.Origin?
    package var givesReceipts = false
    package var version: String

    package init(rankOptions: RankOptions, groupSpecs: [GroupSpec], version: String) {
        self.rankOptions = rankOptions
        self.groupSpecs = groupSpecs
        self.version = version
    }
}

extension CoordinatorOptions {
    /// - Parameter hidden: floats of a visual token.
    func coreLimits(hidden: Int) -> CoreLimits {
        var core = CoreLimits()
        core.inFlight = limits.inFlight
        core.sequences = rankOptions.maxSequences
        core.shortPrompt = rankOptions.prefillChunk
        core.pageTokens = RankOptions.pageTokens
        core.visualTokenBytes = hidden * 4
        core.visualCacheBytes = limits.visualTokenBytes
        core.pictureBytes = limits.pictureBytes
        core.visionRanks = rankOptions.visionRanks
        core.growsBack = !isAttached
        core.receipts = receipts
        core.givesReceipts = givesReceipts
        core.growPatience = groupSpecs.first?.limits.growing ?? core.growPatience
        return core
    }
}

/// What is decided about HTTP besides its limits.
package struct APIOptions: Sendable {
    /// Names by which the server may be called without tokens, besides the loopback's.
    package var hostNames: [String] = []
    /// Other sites whose pages may ask.
    package var origins: [String] = []
    /// Whether the model is asked to reason where a request does not say.
    package var think = ThinkMode.auto
    /// Names that the model has besides its own.
    package var aliases: [String] = []
    /// Tokens of an answer where a request does not say; `nil`: to the end of the context.
    package var maxAnswer: Int?
    package var hasPage = true

    package init() {}
}

/// What a client may ask for; the greeting tells most of it.
package struct ServerLimits: Sendable {
    /// Bytes of a line, its end not counted.
    package var lineBytes = 1 << 20
    /// Bytes of a picture.
    package var blobBytes = 32 << 20
    /// Pixels of a picture; what ranks decode is limited by their own options.
    package var maxPixels = ImageLimits.standard.maxPixels
    /// Pictures of a request.
    package var images = 32
    /// Requests in line and under way, over all connections.
    package var inFlight = 64
    /// Bytes of bodies that a connection may have waiting to be parsed and tokenised before it is read no further, and
    /// that all may have waiting before more is turned away.
    package var waitingBytes = 4 << 20
    package var allWaitingBytes = 256 << 20
    /// Connections at a time.
    package var connections = 16_384
    /// Bytes of lines and blobs that have begun and not ended, over all connections.
    package var unfinishedBytes = 1 << 30
    /// Bytes of blobs that a connection may leave without a request.
    package var pendingBlobBytes = 128 << 20
    /// Bytes of pictures that may wait for their requests or answers, over all connections.
    package var heldPictureBytes = 1 << 30
    /// Bytes of pictures kept for requests that name them by digest.
    package var pictureBytes = 256 << 20
    /// Bytes of visual tokens that each decoder rank keeps for pictures that nobody uses at the moment.
    package var visualTokenBytes = 256 << 20
    /// Bytes that may wait for a client to read, and how long it may leave more than an eighth of them waiting.
    package var outboxBytes = 8 << 20
    package var stalledSeconds = 10
    /// For a client to send its token.
    package var helloSeconds = 10
    /// For the head of a request over HTTP to come; for the next byte of its body; for the next request.
    package var httpHeadSeconds = 10
    package var httpBodySeconds = 30
    package var httpIdleSeconds = 75
    /// Bytes of a body over HTTP, and of all that have not been read yet.
    package var httpBodyBytes = 64 << 20
    package var httpWaitingBytes = 256 << 20

    package init() {}
}
