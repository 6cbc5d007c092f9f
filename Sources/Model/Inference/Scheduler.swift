package import Constraints
package import Requests

/// Decides what each step computes: iteration-level scheduling over the sequences that are under way.
///
/// In every step each decoding sequence gets one token, and the sequences whose prompts are not in the cache yet share
/// the step's budget as ``PromptShares`` says: the first token of a short prompt comes within three steps of company.
/// A sequence is admitted when the pages for its tokens are free, and takes more as it grows; when none is left, the
/// sequence admitted last gives its pages up and is computed again later. Kernels are batch-invariant, so that none of
/// this shows in any token.
///
/// Pure bookkeeping: no tensors, no clock, no communication.
///
/// - SeeAlso: Yu et al., *Orca*, OSDI'22, section 3.1; Kwon et al., *PagedAttention*, arXiv:2309.06180, section 4.5;
///   Agrawal et al., *Sarathi-Serve*, arXiv:2403.02310.
package struct Scheduler {
    /// The bounds of a step and of the cache.
    package struct Limits: Sendable, Equatable {
        /// Tokens of prompts in one step at most.
        package var prefillChunk: Int
        /// Sequences that decode, and long prompts that are read, at most.
        ///
        /// Short prompts are read beside long ones while fewer decode, so that twice as many may have a run in a step.
        package var maxSequences: Int
        /// Pages of the KV cache.
        package var pages: Int
        /// Tokens of a page.
        package var pageTokens: Int
        /// Positions that the model knows.
        package var maxPositions: Int
        /// Drafts in one step at most; 0 is none.
        package var draftRows: Int
        /// Tokens by which a draft model's sequences run ahead of what is known of their answers; 0: they are answers.
        package var lead: Int

        package init(
            prefillChunk: Int,
            maxSequences: Int,
            pages: Int,
            pageTokens: Int,
            maxPositions: Int,
            draftRows: Int = 0,
            lead: Int = 0
        ) {
            self.prefillChunk = prefillChunk
            self.maxSequences = maxSequences
            self.pages = pages
            self.pageTokens = pageTokens
            self.maxPositions = maxPositions
            self.draftRows = draftRows
            self.lead = lead
        }

        /// Rows of a step at most.
        package var maxRows: Int { max(prefillChunk, draftRows) + maxSequences }
        /// Rows of a step at most whose logits are wanted.
        package var maxLogitsRows: Int { maxSequences + draftRows }
        /// Runs of a step at most.
        package var maxRuns: Int { 2 * maxSequences }
        /// How often short ones may be admitted before a sequence that came earlier and finds no room.
        var passesAllowed: Int { 2 * maxSequences }
    }

    package let limits: Limits
    var pages: PageTable
    var images = ImageTable()
    var waiting: [JobSequence] = []
    /// In the order of their admission.
    var running: [JobSequence] = []
    /// For each run of the plan under way, the place of its sequence in `running`.
    var plannedRuns: [Int] = []
    var wantedImages: [Int32] = []
    var preempted: [String] = []
    var failures: [RankFailure] = []
    var drafts: Drafts
    /// What the ranks have on their disks, where they keep pages there.
    var disk: DiskIndex?
    var proposals: [DraftProposal] = []
    /// Lists that earlier reports are done with.
    var spareLists: [[Int32]] = []
    private var arrivals = 0
    private var namedImages = RecentNumbers()

    /// Steps of company within which the first token of a prompt comes that fits into one chunk.
    package static let promisedSteps = 3

    package init(_ limits: Limits) {
        self.limits = limits
        pages = PageTable(capacity: limits.pages)
        drafts = Drafts(limits)
    }

    package var hasSequences: Bool { !waiting.isEmpty || !running.isEmpty }
    /// Sequences that get a token in the next step.
    package var decodingCount: Int { running.reduce(0) { $0 + ($1.isDecoding ? 1 : 0) } }

    package var load: LeaderLoad {
        var load = LeaderLoad()
        load.running = running.count
        load.waiting = waiting.count
        load.usedPages = pages.usedCount
        load.cachedPages = pages.idleCount
        load.pages = pages.capacity
        load.disk = disk?.figures
        return load
    }

    /// Puts a job in line; the result is why it can never run, if that is so.
    ///
    /// - Parameters:
    ///   - constraint: of the job's format, if it has one.
    ///   - awaitsFormat: whether it is still being made; the job begins once `constrain` is called.
    package mutating func submit(
        _ job: GenerateJob,
        constraint: Constraint? = nil,
        awaitsFormat: Bool = false
    ) -> JobRefusal? {
        for image in job.images { namedImages.insert(image.number) }
        if let refusal = reasonToRefuse(job) { return refusal }
        arrivals += 1
        waiting.append(JobSequence(job, number: arrivals, constraint: constraint, lead: limits.lead))
        waiting[waiting.count - 1].awaitsFormat = awaitsFormat
        // Opened now, not at admission: tiles arrive in the order in which they were encoded, whoever waits.
        for image in job.images where image.isComing { images.open(image.number, tokens: image.count) }
        return nil
    }

    /// Whether a job has had this picture.
    func hasNamed(image number: Int32) -> Bool { namedImages.contains(number) }

    /// The constraint of a job's format has been made.
    mutating func constrain(id: String, _ constraint: Constraint) {
        guard let place = waiting.firstIndex(where: { $0.job.id == id }) else { return }
        waiting[place].constrain(constraint)
    }

    private func reasonToRefuse(_ job: GenerateJob) -> JobRefusal? {
        let prompt = job.promptIds.count
        if job.promptIds.isEmpty || job.sampling.maxTokens < 1 {
            return .badRequest("a request needs a prompt and at least one token to generate")
        }
        if job.images.contains(where: { $0.count < 0 || $0.start < 0 || $0.positions.upperBound > prompt }) {
            return .badRequest("an image's visual tokens lie outside the prompt")
        }
        if prompt >= limits.maxPositions {
            return .tooLong("the prompt has \(prompt) tokens, the model's context \(limits.maxPositions)")
        }
        // A draft model's context may be shorter than that of the model whose answer has come so far.
        if prompt + job.answerIds.count >= limits.maxPositions {
            return .tooLong("prompt and answer have filled the model's context of \(limits.maxPositions) tokens")
        }
        let longest = min(prompt + job.mostTokens, limits.maxPositions)
        if pagesNeeded(longest) > limits.pages {
            return .tooLong(
                "prompt and answer have up to \(longest) tokens, the KV cache room for "
                    + "\(limits.pages * limits.pageTokens)"
            )
        }
        return nil
    }

    /// Visual tokens of an image have arrived on every decoder rank.
    ///
    /// - Returns: the jobs that now have all of theirs.
    package mutating func tileArrived(image: Int32, range: Range<Int>) -> [String] {
        guard images.arrive(image, range) else { return [] }
        return Self.noteArrival(&waiting, image, images) + Self.noteArrival(&running, image, images)
    }

    private static func noteArrival(_ sequences: inout [JobSequence], _ image: Int32, _ images: ImageTable) -> [String]
    {
        var complete: [String] = []
        for index in sequences.indices where !sequences[index].hasReportedImages {
            guard sequences[index].job.images.contains(where: { $0.number == image }),
                sequences[index].hasAllImages(images)
            else { continue }
            sequences[index].hasReportedImages = true
            complete.append(sequences[index].job.id)
        }
        return complete
    }

    /// Nobody will refer to these images any more.
    package mutating func forget(images numbers: [Int32]) {
        for number in numbers { images.forget(number) }
        // A job that still needs one asks for it again.
        for index in running.indices where running[index].job.images.contains(where: { numbers.contains($0.number) }) {
            wantImages(of: running[index])
        }
    }

    /// Ends a job at once; `false` when it is unknown or has ended.
    package mutating func cancel(id: String) -> Bool {
        if let index = waiting.firstIndex(where: { $0.job.id == id }) {
            waiting.remove(at: index)
            return true
        }
        guard let index = running.firstIndex(where: { $0.job.id == id }) else { return false }
        pages.release(running[index].pages)
        running.remove(at: index)
        return true
    }

    /// The sequence behind a run of the plan under way.
    func sequence(ofRun run: Int) -> JobSequence { running[plannedRuns[run]] }

    /// Images that were not coming and are needed after all, since the last call.
    package mutating func takeWantedImages() -> [Int32] {
        defer { wantedImages = [] }
        return wantedImages
    }

    func pagesNeeded(_ tokens: Int) -> Int { (tokens + limits.pageTokens - 1) / limits.pageTokens }
}
