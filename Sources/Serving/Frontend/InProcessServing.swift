internal import Diagnostics
package import Foundation
package import Requests
package import ServingCore
internal import Synchronization
package import Tokenization

/// The person in front asked to stop, with a signal.
package struct Interrupted: Error {
    package let signal: Int32

    package init(signal: Int32) { self.signal = signal }
}

/// The shell around the serving core of a process that answers its own requests and ends: one slot, one thread, and
/// whoever calls `run` as the one who listens.
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

    private let handlers: Handlers
    private let start: (_ decoderRanks: Int) throws -> any ServedGroup
    private let began = ContinuousClock.now
    private var core: ServingCore
    private var group: (any ServedGroup)?
    private var generation = 0
    private var waiting: [Ticket: Preparation] = [:]
    private var open: Set<Ticket> = []
    private var nextTicket = 0
    private var inputs: [CoreInput] = []
    private var end: CoreEnd?
    private let interruption = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - policy: how often a lost group is started again.
    ///   - start: starts a group of so many decoder ranks.
    package init(
        _ limits: CoreLimits,
        tokenizer: Tokenizer,
        policy: RestartPolicy,
        handlers: Handlers,
        start: @escaping (_ decoderRanks: Int) throws -> any ServedGroup
    ) {
        core = ServingCore(limits, tokenizer: tokenizer, policies: [policy])
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
            finishGroup()
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
        let pause = max(.zero, min(.milliseconds(100), (core.nextWake() ?? .seconds(1)) - now))
        guard let group else {
            Thread.sleep(forTimeInterval: max(pause, .milliseconds(1)) / .seconds(1))
            return try feed(.tick)
        }
        guard let (news, attachment) = group.next(within: pause) else { return try feed(.tick) }
        if case .report(_, .trace(let tensor)) = news { handlers.onTrace(tensor, attachment) }
        if case .note(let line) = news { return handlers.onNote(line) }
        if case .ended = news { self.group = nil }
        try feed(.group(slot: 0, generation: generation, news))
        if !core.isHealthy, let loading = core.snapshot(now: now).groups.first?.loading {
            handlers.onLoading(loading.done, loading.total)
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
        case .startGroup(let slot, let generation, let decoderRanks, _):
            self.generation = generation
            do {
                group = try start(decoderRanks)
            } catch let error as any OperatorError {
                inputs.append(.group(slot: slot, generation: generation, .ended(error)))
            }
        case .survey(let slot, _): inputs.append(.surveyed(slot: slot, .init()))
        case .submit(let job, _): group?.send(.generate(job))
        case .encode(let job, let bytes, _): group?.encode(job, bytes)
        case .cancel(let job, _): group?.send(.cancel(id: job))
        case .forget(let numbers, _): group?.forget(numbers)
        case .endGroup(_, let byForce): group?.end(byForce: byForce)
        case .becameReady: handlers.onReady()
        case .log(let entry): handlers.onLog(entry)
        case .announce: break
        case .ended(let end): self.end = end
        }
    }

    /// Ends the group by force, and waits until nothing of it is left.
    private func finishGroup() {
        group?.end(byForce: true)
        let limit = ContinuousClock.now + .seconds(15)
        while let group, ContinuousClock.now < limit {
            if case .ended = group.next(within: .seconds(1))?.news { self.group = nil }
        }
    }
}
