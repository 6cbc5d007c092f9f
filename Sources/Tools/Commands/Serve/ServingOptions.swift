import ArgumentParser
import Checkpoints
import Coordinator
import Diagnostics
import Foundation
import GroupLauncher
import GroupLink
import Logging
import RankProgram

/// The options of `flotilla serve` besides those of the group.
struct ServingOptions: ParsableArguments {
    @Option(
        help:
            """
            Address to listen on, HOST:PORT or [IPV6]:PORT; may be given several times. Default 127.0.0.1:7070, or none \
            with --unix.
            """
    )
    var listen: [String] = []

    @Option(help: "Path of a Unix socket to listen on, which only this user can reach; may be given several times.")
    var unix: [String] = []

    @Option(
        help: "A file of tokens for clients over TCP: one a line, with \" admin\" behind those that may drain and stop."
    )
    var tokenFile: String?

    @Option(
        help: "A PEM file of the certificate, and those between it and an authority: TCP and HTTP then speak TLS only."
    )
    var tlsCert: String?

    @Option(help: "The PEM file of its key; both files are read again when they change.")
    var tlsKey: String?

    @Option(help: "The directory below which requests may name pictures by path.")
    var imageDirectory: String?

    @Option(help: "Requests in flight at most, over all connections; one more gets BUSY.")
    var maxInflight = 64

    @Option(help: "Bytes of a line at most.")
    var maxLine = 1 << 20

    @Option(help: "Bytes of a picture at most.")
    var maxBlob = 32 << 20

    @Option(help: "Pictures of a request at most.")
    var maxImages = 32

    @Option(help: "MiB of visual tokens that each decoder rank keeps for pictures that may be asked about again.")
    var imageCache = 256

    @Option(help: "Groups of ranks that share the hosts and the requests; the others go on when one is lost.")
    var groups = 1

    @Flag(help: "Wait for ranks that something else starts, instead of starting them.")
    var attach = false

    @Option(
        help: """
            Address at which the ranks dial in, HOST:PORT; by default any port of the way to them, or 127.0.0.1:7071 \
            with --attach.
            """
    )
    var link: String?

    @Flag(help: "Give every answer a receipt, also where a request does not ask for one.")
    var receipt = false

    @Flag(help: "Write the log as JSON, one object a line.")
    var logJson = false

    @Option(help: "What is logged: debug, info, notice, warning or error.")
    var logLevel = "info"

    static let maxSequences = 8

    /// The cache's size when `--context` does not say: two whole contexts, or one when that would be much.
    static func cacheTokens(_ checkpoint: Checkpoint, _ group: GroupOptions) -> Int {
        let positions = checkpoint.config.decoder.maxPositions
        return positions <= 8192 ? positions * (group.maxSequences ?? maxSequences) : max(positions, 16_384)
    }

    func options(
        _ rankOptions: RankOptions,
        _ specs: [GroupSpec],
        http: HTTPOptions,
        version: String
    ) throws -> CoordinatorOptions {
        var options = CoordinatorOptions(rankOptions: rankOptions, groupSpecs: specs, version: version)
        let addresses = listen.isEmpty && unix.isEmpty ? ["127.0.0.1:7070"] : listen
        options.listen = try addresses.map { try Self.address($0, "--listen") }
        options.unixPaths = unix
        if let tokenFile { options.tokens = try AccessToken.read(file: tokenFile) }
        options.tls = try tlsFiles()
        if let imageDirectory { options.imageDirectory = try Self.directory(imageDirectory) }
        try http.apply(to: &options)
        options.isAttached = attach
        options.givesReceipts = receipt
        options.limits.inFlight = try Self.within(maxInflight, 1...100_000, "--max-inflight")
        options.limits.lineBytes = try Self.within(maxLine, 256...(1 << 28), "--max-line")
        options.limits.blobBytes = try Self.within(maxBlob, 1...(1 << 28), "--max-blob")
        options.limits.maxPixels = rankOptions.maxPixels
        options.limits.images = try Self.within(maxImages, 1...1024, "--max-images")
        options.limits.visualTokenBytes = try Self.within(imageCache, 0...1_000_000, "--image-cache") << 20
        return options
    }

    private func tlsFiles() throws -> TLSFiles? {
        if tlsCert == nil, tlsKey == nil { return nil }
        guard let tlsCert, let tlsKey else {
            throw UsageError(
                "--tls-\(tlsCert == nil ? "key" : "cert") was given without --tls-\(tlsCert == nil ? "cert" : "key")",
                hint: "TLS needs a certificate and its key"
            )
        }
        let files = TLSFiles(certificate: tlsCert, key: tlsKey)
        try files.check()
        return files
    }

    static func address(_ text: String, _ name: String) throws -> ListenAddress {
        if let address = ListenAddress(text) { return address }
        throw UsageError("\(name) is \(text), expected HOST:PORT", hint: "for example 127.0.0.1:7070 or [::1]:7070")
    }

    private static func directory(_ path: String) throws -> URL {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw UsageError("--image-directory \(path) is not a directory")
        }
        return URL(fileURLWithPath: path, isDirectory: true)
    }

    static func within(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws -> Int {
        if range.contains(value) { return value }
        throw UsageError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }

    // MARK: - Attachment

    private static let attachmentLink = "127.0.0.1:7071"

    /// Refuses what cannot be with several groups.
    func checkGroups() throws {
        _ = try Self.within(groups, 1...64, "--groups")
        guard groups > 1 else { return }
        if attach {
            throw UsageError(
                "--attach waits for the ranks of one group, and --groups asks for \(groups)",
                hint: "start a server for each group, or have it start the ranks itself"
            )
        }
        if let link, let address = LinkAddress(link, listening: true), address.port != 0 {
            throw UsageError(
                "--link is \(link), and the ranks of \(groups) groups cannot all dial one port",
                hint: "let each group choose: --link HOST:0"
            )
        }
    }

    /// Sets the place where ranks dial in.
    func prepareLink(_ spec: inout GroupSpec) throws {
        guard let text = link ?? (attach ? Self.attachmentLink : nil) else { return }
        // Ranks that something else starts must know the port beforehand.
        guard let address = LinkAddress(text, listening: !attach) else {
            throw UsageError("--link is \(text), expected HOST:PORT")
        }
        spec.linkHost = address.host
        spec.linkPort = address.port
    }

    /// Sets what the ranks prove themselves with: `FLOTILLA_SECRET`, or a new secret.
    func prepareAttachment(_ spec: inout GroupSpec) throws {
        if let text = ProcessInfo.processInfo.environment[RankEnvironment.secretName] {
            guard let secret = LinkSecret(hexadecimal: text) else {
                throw UsageError("\(RankEnvironment.secretName) is not 64 hexadecimal digits")
            }
            spec.secret = secret
        } else {
            spec.secret = try LinkSecret.random()
        }
    }

    /// How to start the ranks, for the operator.
    func attachmentHint(_ spec: GroupSpec, _ options: RankOptions) -> String {
        let isOurs = ProcessInfo.processInfo.environment[RankEnvironment.secretName] == nil
        let secret = isOurs ? spec.secret?.hexadecimal ?? "" : "(as given)"
        let command = ([spec.executable] + spec.rankArguments).map { $0.contains(" ") ? "'\($0)'" : $0 }
        return """
            waiting for \(options.worldSize) ranks; start them with
              \(RankEnvironment.linkName)=\(link ?? Self.attachmentLink) \(RankEnvironment.secretName)=\(secret) \
            mpirun -x \(RankEnvironment.linkName) -x \(RankEnvironment.secretName) -n \(options.worldSize) \
            \(command.joined(separator: " "))
            """
    }

    // MARK: - Log

    /// The log, and who writes it.
    func logger(verbose: Bool) throws -> (Logger, LogWriter) {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw UsageError("--log-level is \(logLevel), expected debug, info, notice, warning or error")
        }
        let name = "flotilla"
        let asJSON = logJson
        let writer = LogWriter(
            descriptor: STDERR_FILENO,
            dropNote: asJSON ? JSONLogHandler.dropNote : TextLogHandler.dropNote(label: name)
        )
        LoggingSystem.bootstrap { label in
            asJSON ? JSONLogHandler(writer: writer) : TextLogHandler(label: label, writer: writer) as any LogHandler
        }
        var logger = Logger(label: name)
        logger.logLevel = verbose ? min(level, .debug) : level
        return (logger, writer)
    }
}
