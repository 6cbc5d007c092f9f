/// How many tokens of prompts a step may take beside streams that are decoding, so that those hardly notice.
///
/// A step of decoding streams alone has some duration; with tokens of prompts beside them it may last `slowdown` times
/// as long. The number of tokens follows what was measured: up by a quarter while there is room, down in proportion
/// when there is not. Now and then a step is left without prompts, so that it is known how long one lasts. With no
/// stream decoding, prompts get whole chunks.
///
/// A short prompt would wait long for its first token at that pace, for a few tokens hardly hurt anybody. So what short
/// prompts need beyond it is granted at once, out of a credit of two chunks that fills at the same pace: a stream is held
/// up by two chunks' work at most, and over time by no more than twice what `slowdown` allows.
///
/// Results never depend on it, because kernels are chunk-invariant.
package struct StepPacer: Sendable {
    /// What a step may take of prompts.
    package struct Budget: Sendable, Equatable {
        /// Tokens for all of them.
        package var prompts: Int
        /// Tokens for short ones besides.
        package var urgent = 0
    }

    /// The longest a step with prompts may last, by a step without; `nil`: chunks are whole whoever waits.
    private let slowdown: Double?
    private let chunk: Int
    /// By number of decoding streams: seconds of a step without prompts, and the tokens of prompts that fit.
    private var alone: [Int: Double] = [:]
    private var tokens: [Int: Double] = [:]
    private var stepsSinceAlone = 0
    /// Tokens that short prompts may have beyond the pace.
    private var credit: Double

    /// Steps with prompts between two without, which are measured.
    static let measureEvery = 24
    private static let firstTokens = 2.0

    package init(slowdown: Double?, chunk: Int) {
        self.slowdown = slowdown
        self.chunk = chunk
        credit = Double(2 * chunk)
    }

    /// Tokens of prompts for the next step.
    ///
    /// - Parameter urgent: tokens that short prompts need in it.
    package mutating func budget(decoding: Int, urgent: Int = 0) -> Budget {
        guard slowdown != nil, decoding > 0 else { return Budget(prompts: chunk) }
        let pace = max(1, min(Double(chunk), tokens[decoding] ?? Self.firstTokens))
        credit = min(credit + pace, Double(2 * chunk))
        let prompts = Int(pace)
        let share = (prompts + PromptShares.shareOfOldest - 1) / PromptShares.shareOfOldest
        let wanted = max(0, urgent - (prompts - share))
        let granted = min(wanted, Int(credit), chunk - prompts)
        // A step without prompts can be measured later; a short prompt cannot wait, unless it must anyway.
        let isDue = alone[decoding] == nil || stepsSinceAlone >= Self.measureEvery
        if isDue, urgent == 0 || granted < wanted { return Budget(prompts: 0) }
        credit -= Double(granted)
        return Budget(prompts: prompts, urgent: granted)
    }

    /// A step has been computed.
    ///
    /// - Parameters:
    ///   - decoding: streams that got a token in it.
    ///   - prompt: tokens of prompts in it.
    package mutating func note(decoding: Int, prompt: Int, seconds: Double) {
        guard let slowdown, decoding > 0 else { return }
        if prompt == 0 {
            alone[decoding] = StepCosts.leastOfLate(alone[decoding], seconds)
            stepsSinceAlone = 0
            return
        }
        stepsSinceAlone += 1
        guard let alone = alone[decoding] else { return }
        let allowed = max((slowdown - 1) * alone, 1e-6)
        let extra = max(seconds - alone, 1e-7)
        let now = Double(prompt)
        let fit = now * allowed / extra
        // Half of the way up: a few tokens more may cost another pass of the kernels, so that steps do not grow evenly.
        let next = extra <= allowed ? min((now + fit) / 2, now * 1.25 + 0.5) : max(fit, now * 0.5)
        let before = tokens[decoding] ?? Self.firstTokens
        // A step that was cut short by the end of a prompt says nothing against a larger one.
        tokens[decoding] = max(1, extra <= allowed ? max(before, next) : min(before, next))
    }
}
