package import PageFiles
package import Requests

/// What every decoder rank does next: the leader broadcasts one before each step.
///
/// A plan is whole in itself: block tables are sent in full, so that followers keep no state of sequences but
/// the KV pages and the images, and a rank can never disagree about where a sequence stands.
package struct StepPlan: Equatable, Sendable {
    /// An image begins: room for its visual tokens is made.
    package struct ImageOpening: Equatable, Sendable {
        package var slot: Int32
        package var tokens: Int32
    }

    /// A tile's visual tokens are taken from a vision rank.
    package struct TileArrival: Equatable, Sendable {
        package var source: Int32
        package var slot: Int32
        /// In visual tokens, from the image's first.
        package var offset: Int32
        package var tokens: Int32
    }

    /// Consecutive tokens of one sequence: a chunk of a prompt, or one token to decode from and drafts behind it.
    package struct Run: Equatable, Sendable {
        package var start: Int32
        package var count: Int32
        package var pages: [Int32]
        package var logits: LogitsUse
        /// How many of the last tokens are drafts: guesses at what comes next, each checked by the logits before it.
        package var drafts: Int32
        /// How the token behind the last one that is certain is chosen, where there are logits.
        package var choice: TokenChoice

        package init(
            start: Int32,
            count: Int32,
            pages: [Int32],
            logits: LogitsUse,
            drafts: Int32 = 0,
            choice: TokenChoice = TokenChoice()
        ) {
            self.start = start
            self.count = count
            self.pages = pages
            self.logits = logits
            self.drafts = drafts
            self.choice = choice
        }
    }

    /// What becomes of the logits of a run's last token, and of those before each draft.
    package enum LogitsUse: Int32, Sendable {
        /// Not computed: the prompt goes on.
        case none = 0
        /// A token is chosen of what each rank's part comes to.
        case candidates = 1
        /// The same, and each rank sends its logits besides, for traces.
        case all = 2
    }

    /// Rows of the batch whose embedding is a visual token.
    package struct VisualRows: Equatable, Sendable {
        package var row: Int32
        package var count: Int32
        package var slot: Int32
        package var offset: Int32
    }

    package var openings: [ImageOpening] = []
    /// Pages that each rank writes to its disk or reads from there, beside this step and the next ones; none of them is
    /// written in a step before the leader has heard that they are done.
    package var transfers: [PageTransfer] = []
    /// Pages that each rank removes from its disk, before any of `transfers` begins.
    package var drops: [PageKey] = []
    package var arrivals: [TileArrival] = []
    package var closings: [Int32] = []
    package var runs: [Run] = []
    /// One token id a row, run after run; any value where a visual token stands.
    package var tokens: [Int32] = []
    package var visual: [VisualRows] = []
    package var isShutdown = false

    package init() {}

    /// Makes the plan an empty one, in the memory that it has.
    package mutating func clear() {
        openings.removeAll(keepingCapacity: true)
        transfers.removeAll(keepingCapacity: true)
        drops.removeAll(keepingCapacity: true)
        arrivals.removeAll(keepingCapacity: true)
        closings.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
        visual.removeAll(keepingCapacity: true)
        isShutdown = false
    }

    /// The run that has a row of the step; `nil` behind the last.
    func runIndex(ofRow row: Int) -> Int? {
        var end = 0
        return runs.firstIndex { run in
            end += Int(run.count)
            return row < end
        }
    }

    /// Lets go of what the choices share with the sequences, which then change in their own memory.
    mutating func releaseAdjustments() {
        for index in runs.indices { runs[index].choice.adjustments = LogitAdjustments() }
    }

    /// Keys in ``drops`` at most.
    package static let mostDrops = 1024

    package var isEmpty: Bool {
        openings.isEmpty && arrivals.isEmpty && closings.isEmpty && runs.isEmpty && transfers.isEmpty && drops.isEmpty
            && !isShutdown
    }

    /// A row whose logits are wanted.
    package struct LogitsRow: Equatable, Sendable {
        package var run: Int
        /// In the batch.
        package var row: Int
        /// How many drafts stand in the run up to this row, itself included.
        package var drafts: Int
        /// Of the token that is chosen.
        package var position: Int
    }

    /// Rows whose logits are wanted, in the order of the runs.
    package var logitsRows: [LogitsRow] {
        var rows: [LogitsRow] = []
        collectLogitsRows(into: &rows)
        return rows
    }

    /// The same, without an allocation once there is room.
    func collectLogitsRows(into rows: inout [LogitsRow]) {
        rows.removeAll(keepingCapacity: true)
        var end = 0
        for (index, run) in runs.enumerated() {
            end += Int(run.count)
            guard run.logits != .none else { continue }
            for behind in (0...Int(run.drafts)).reversed() {
                rows.append(
                    LogitsRow(
                        run: index,
                        row: end - 1 - behind,
                        drafts: Int(run.drafts) - behind,
                        position: Int(run.start + run.count) - behind
                    )
                )
            }
        }
    }

    /// How the token behind a row is chosen: drafts up to it count as tokens of the answer.
    func choice(of row: LogitsRow) -> TokenChoice {
        var choice = runs[row.run].choice
        guard row.drafts > 0 else { return choice }
        for token in tokens[(row.row + 1 - row.drafts)...row.row] { choice.adjustments.append(token) }
        return choice
    }
}
