internal import Diagnostics
package import Foundation
internal import GroupLink
package import Requests
package import ServingCore
internal import Synchronization
package import Tokenization

/// The person in front asked to stop, with a signal.
package struct Interrupted: Error {
    package let signal: Int32

    package init(signal: Int32) { self.signal = signal }
}

/// The shell around the serving core of a process that answers its own requests and ends: one thread, and whoever calls
/// `run` as the one who listens.
package final class InProcessServing {
    /// What is told while requests run; each is called on the caller's thread.
    package struct Handlers {
        package var onLoading: (_ done: Int, _ total: Int) -> Void = { _, _ in }
        package var onReady: () -> Void = {}
        package var onEvent: (Ticket, RequestEvent) throws -> Void = { _, _ in }
        package var onTrace: (TraceTensor, Data) -> Void = { _, _ in }
        package var onLog: (LogEntry) -> Void = { _ in }
        /// A line that the group has for a person, such as a warning.
        package var onNote: (String) -> Void = { _ in }

        package init() {}
    }

    /// What a group tells.
    private struct Letter: Sendable {
        var slot: Int
        var generation: Int
        var news: GroupNews
        var attachment: Data
    }

    private let handlers: Handlers
    private let start: (_ slot: Int) throws -> any ServedGroup
    private let began = ContinuousClock.now
    private var core: ServingCore
    /// By slot; what they tell comes into the inbox, where they can be heard at once.
    private var groups: [Int: any ServedGroup] = [:]
    private var generations: [Int: Int] = [:]
    private let inbox = EventQueue<Letter>()
    private var hasInbox = false
    private var waiting: [Ticket: Preparation] = [:]
    private var open: Set<Ticket> = []
    private var nextTicket = 0
    private var inputs: [CoreInput] = []
    private var end: CoreEnd?
    private let interruption = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - policies: how often a lost group is started again, one for each group.
    ///   - start: starts a group in a slot.
    package init(
        _ limits: CoreLimits,
        tokenizer: Tokenizer,
        policies: [RestartPolicy],
        handlers: Handlers,
        start: @escaping (_ slot: Int) throws -> any ServedGroup
    ) {
        core = ServingCore(limits, tokenizer: tokenizer, policies: policies)
        self.handlers = handlers
        self.start = start
    }

    /// Answers all requests.
    ///
    /// - Parameters:
    ///   - inFlight: requests that are under way at once.
    ///   - next: the next request, `nil` when there are no more; called only when there is room for one.
    /// - Throws: what ended the group for good, `Interrupted`, or what a handler threw; nothing of the group is left then.
    package func run(inFlight: Int, next: () throws -> Preparation?) throws {
        defer { DraftGroup.waitUntilGone() }
        do {
            try feed(.began)
            var isDrained = false
            while end == nil {
                while !isDrained, core.isHealthy, open.count < inFlight {
                    if let preparation = try next() { try submit(preparation) } else { isDrained = true }
                }
                if isDrained, open.isEmpty, core.state != .draining { try feed(.drain(within: nil)) }
                if end == nil { try hear() }
            }
        } catch {
            finishGroups()
            throw error
        }
        if case .failed(let error) = end { throw error }
    }

    /// Ends the group because of a signal.
    ///
    /// `run` then throws `Interrupted`. Any thread may call it.
    package func interrupt(signal: Int32) { interruption.withLock { $0 = $0 ?? signal } }

    private func submit(_ preparation: Preparation) throws {
        nextTicket += 1
        waiting[nextTicket] = preparation
        open.insert(nextTicket)
        try feed(.asked(nextTicket, owner: 0))
    }

    /// Waits for the group, or for the time at which the core wants to look.
    private func hear() throws {
        if let signal = interruption.withLock({ $0 }) { throw Interrupted(signal: signal) }
        let now = ContinuousClock.now - began
        let pause = Self.pause(until: core.nextWake(), now: now)
        guard !groups.isEmpty else {
            Thread.sleep(forTimeInterval: max(pause, .milliseconds(1)) / .seconds(1))
            return try feed(.tick)
        }
        guard let letter = nextLetter(within: pause) else { return try feed(.tick) }
        if case .report(_, .trace(let tensor)) = letter.news { handlers.onTrace(tensor, letter.attachment) }
        if case .note(let line) = letter.news { return handlers.onNote(line) }
        if case .ended = letter.news { groups[letter.slot] = nil }
        try feed(.group(slot: letter.slot, generation: letter.generation, letter.news))
        if !core.isHealthy {
            let loading = core.snapshot(now: now).groups.map(\.loading)
            handlers.onLoading(loading.reduce(0) { $0 + $1.done }, loading.reduce(0) { $0 + $1.total })
        }
    }

    /// How long a group is waited for at `now`: until the core wants to look, or a signal may have come.
    ///
    /// - Parameter wake: counted from the same beginning as `now`; `nil`: the core waits for no time.
    static func pause(until wake: Duration?, now: Duration) -> Duration {
        let longest = Duration.milliseconds(100)
        return wake.map { max(.zero, min(longest, $0 - now)) } ?? longest
    }

    private func nextLetter(within pause: Duration) -> Letter? {
        if hasInbox { return inbox.next(within: pause) }
        guard let (slot, group) = groups.first, let (news, attachment) = group.next(within: pause) else { return nil }
        return Letter(slot: slot, generation: generations[slot] ?? 0, news: news, attachment: attachment)
    }

    private func startGroup(_ slot: Int, _ generation: Int) throws {
        generations[slot] = generation
        do {
            let group = try start(slot)
            groups[slot] = group
            hasInbox = group.tell { [inbox] news, attachment in
                inbox.push(Letter(slot: slot, generation: generation, news: news, attachment: attachment))
            }
        } catch let error as any OperatorError {
            inputs.append(.group(slot: slot, generation: generation, .ended(error)))
        }
    }

    private func feed(_ input: CoreInput) throws {
        inputs.append(input)
        while !inputs.isEmpty {
            let actions = core.handle(inputs.removeFirst(), now: ContinuousClock.now - began)
            // What ended it all says more than the errors of the requests that ended with it.
            for case .ended(.failed(let error)) in actions { throw error }
            for action in actions { try perform(action) }
        }
    }

    private func perform(_ action: CoreAction) throws {
        switch action {
        case .prepare(let ticket):
            if let preparation = waiting.removeValue(forKey: ticket) { inputs.append(.prepared(ticket, preparation)) }
        case .send(let event, let ticket):
            if event.isLast { open.remove(ticket) }
            try handlers.onEvent(ticket, event)
        case .startGroup(let slot, let generation, _, _): try startGroup(slot, generation)
        case .survey(let slot, _): inputs.append(.surveyed(slot: slot, .init()))
        case .submit(let job, let slot): groups[slot]?.send(.generate(job))
        case .encode(let job, let bytes, let slot): groups[slot]?.encode(job, bytes)
        case .cancel(let job, let slot): groups[slot]?.send(.cancel(id: job))
        case .forget(let numbers, let slot): groups[slot]?.forget(numbers)
        case .endGroup(let slot, let byForce): groups[slot]?.end(byForce: byForce)
        case .becameReady: handlers.onReady()
        case .log(let entry): handlers.onLog(entry)
        case .announce: break
        case .ended(let end): self.end = end
        }
    }

    /// Ends the groups by force, and waits until nothing of them is left.
    private func finishGroups() {
        for group in groups.values { group.end(byForce: true) }
        let limit = ContinuousClock.now + .seconds(15)
        while !groups.isEmpty, ContinuousClock.now < limit {
            if let letter = nextLetter(within: .seconds(1)), case .ended = letter.news { groups[letter.slot] = nil }
        }
    }
}
