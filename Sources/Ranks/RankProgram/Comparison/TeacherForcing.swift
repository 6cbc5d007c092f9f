internal import Checkpoints
internal import Communication
internal import Kernels
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// Forward passes of one format over given tokens, on one rank in this process.
struct TeacherForcing {
    /// Rows of a step; with a vocabulary of 151,936 their logits take 37 MiB.
    private static let chunk = 64

    let pool: ThreadPool
    private let decoder: Qwen3Decoder
    private let hidden: Int
    let vocabulary: Int

    /// - Parameter longest: tokens of the longest text. Keys and values are cached in float32, so that formats differ by
    ///   their weights alone.
    init(_ subject: FormatComparison.Subject, longest: Int, threads: Int) throws {
        let checkpoint = subject.checkpoint
        let config = checkpoint.config.decoder
        pool = ThreadPool(threads: threads)
        decoder = try Qwen3Decoder(
            checkpoint,
            plan: try ShardPlan(config, ranks: 1),
            options: DecoderOptions(
                cacheElement: .float32,
                pages: KVLayout.pages(for: longest),
                maxRows: Self.chunk,
                maxLogitsRows: Self.chunk,
                format: subject.format,
                wireFormat: subject.wire,
                rehearsal: subject.hosts == 1 ? nil : try ShardPlan(config, ranks: subject.hosts)
            ),
            communicator: SoloCommunicator(),
            pool: pool
        )
        (hidden, vocabulary) = (config.hidden, config.vocabulary)
    }

    /// Adds up what products multiply from now on.
    func collect(_ squares: ActivationSquares) { decoder.workspace.squares = squares }

    /// Gives the logits of every compared position to `take`, some rows at a time.
    ///
    /// - Parameters:
    ///   - visual: the visual tokens of each picture.
    ///   - take: is told the number of the first row, counted from 0 among the compared ones, and gets
    ///     `[rows, vocabulary]`.
    func run(
        _ text: ComparisonText,
        visual: [FloatBuffer],
        take: (_ first: Int, _ rows: Int, UnsafePointer<Float>) -> Void
    )
        throws
    {
        let pages = (0..<KVLayout.pages(for: text.ids.count)).map { Int32($0) }
        for start in stride(from: 0, to: text.compared.upperBound, by: Self.chunk) {
            let part = start..<min(start + Self.chunk, text.compared.upperBound)
            let wanted = part.clamped(to: text.compared)
            let batch = DecoderBatch(
                tokens: Array(text.ids[part]),
                runs: [.init(start: start, count: part.count, pages: pages)],
                visual: zip(text.pictures, visual).compactMap { picture, tokens in
                    let rows = picture.span.clamped(to: part)
                    guard !rows.isEmpty else { return nil }
                    let first = tokens.pointer + (rows.lowerBound - picture.span.lowerBound) * hidden
                    return .init(row: rows.lowerBound - start, count: rows.count, tokens: UnsafePointer(first))
                },
                logitsRows: wanted.map { $0 - start }
            )
            let logits = try decoder.forward(batch)
            if !wanted.isEmpty { take(wanted.lowerBound - text.compared.lowerBound, wanted.count, logits) }
        }
    }
}
