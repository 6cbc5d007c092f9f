import Requests

@testable import ServingCore

/// What happens in a storm, and in the calm behind it.
extension Storm {
    /// One thing that happens.
    mutating func blow() {
        switch random.below(100) {
        case ..<12: arrive()
        case ..<24: finishPreparing()
        case ..<27: leave()
        case 27 where random.one(in: 2): loseGroup()
        case 28 where random.one(in: 20): hang()
        case ..<34: pass(.milliseconds(random.below(700)))
        default: turn()
        }
    }

    /// Groups, hosts and the clock go on.
    mutating func turn() {
        if !surveys.isEmpty, random.one(in: 3) {
            let room = isCalm ? nil : [nil, nil, 1, 2, 0][random.below(5)]
            let missing = room == nil ? [] : ["n\(random.below(3))"]
            return feed(.surveyed(slot: surveys.removeFirst(), .init(room: room, missing: missing)))
        }
        guard let slot = groups.keys.sorted().randomElement(using: &random), let generation = groups[slot]?.generation
        else { return pass(.milliseconds(300)) }
        if endings[slot] == generation {
            groups[slot] = nil
            endings[slot] = nil
            return feed(.group(slot: slot, generation: generation, .ended(nil)))
        }
        if core.slots[slot].phase == .loading { return load(slot, generation) }
        if groups[slot]?.group.jobs.contains(where: { isKiller($0.key, $0.value) }) == true { return lose(slot) }
        guard let report = groups[slot]?.group.work(&random) else { return pass(.milliseconds(50)) }
        feed(.group(slot: slot, generation: generation, .report(rank: 0, report)))
    }

    /// Ranks die of it when its prompt has been read.
    private func isKiller(_ id: String, _ job: ToyGroup.Job) -> Bool {
        guard job.prefilled == job.job.promptIds.count, let ticket = ServedRequest.ticket(ofJob: id) else {
            return false
        }
        return heard[ticket]?.kills ?? false
    }

    /// The next of a group's ranks says hello, or that it has loaded.
    private mutating func load(_ slot: Int, _ generation: Int) {
        let table = core.slots[slot].ranks
        let wanted = core.slots[slot].policy.decoderRanks + visionRanks
        let known = table.inOrder
        let news: GroupNews
        if known.count < wanted {
            let hello = RankHello(rank: known.count, worldSize: wanted, role: .decoder, host: "h", machine: "m", pid: 1)
            news = .joined(hello)
        } else {
            guard let next = known.first(where: { $0.stats == nil }) else { return }
            news = .report(rank: next.hello.rank, .ready(RankStats()))
        }
        feed(.group(slot: slot, generation: generation, news))
    }

    mutating func pass(_ time: Duration) {
        now += time
        feed(.tick)
    }

    // MARK: - Clients

    private mutating func arrive() {
        nextTicket += 1
        let preparation = preparation(nextTicket)
        let numbers = preparation.request.tiles.indices.map { Int32($0) }
        var job = preparation.request.job(numbers: numbers, isComing: numbers.map { _ in true })
        job.sampling.maxTokens = preparation.maxTokens
        heard[nextTicket] = Heard(job: job, kills: !isCalm && random.one(in: 120))
        live.append(nextTicket)
        preparing[nextTicket] = preparation
        feed(.asked(nextTicket, owner: random.below(5)))
    }

    /// One of few prompts with some of few pictures, so that pages and pictures are shared.
    private mutating func preparation(_ ticket: Ticket) -> Preparation {
        let kind = random.below(30)
        var seed = SplitMix(state: UInt64(kind))
        var prompt = (0..<(8 + seed.below(120))).map { _ in Int32(300 + seed.below(400)) }
        if kind == 29 { prompt = Array(repeating: 300, count: 4001) }
        var template = GenerateJob(id: "", promptIds: prompt)
        var bytes: [[UInt8]] = []
        for _ in 0..<(kind < 12 ? 0 : 1 + seed.below(2)) {
            let picture = seed.below(7)
            let tiles = 1 + picture % 3
            bytes.append([UInt8(tiles), picture >= 5 ? 1 : 0, UInt8(picture)])
            let start = min(prompt.count - 8, 2 + 4 * bytes.count)
            let key = "picture \(picture)"
            template.images.append(.init(number: 0, contentKey: key, tiles: tiles, start: start, count: 2))
        }
        template.stopIds = stopIds
        template.sampling.maxTokens = 1 + random.below(30)
        let request = PreparedRequest(
            template: template,
            imageBytes: bytes,
            imageDigests: bytes.map { "\($0)" },
            maxTiles: 10,
            stop: []
        )
        var options = RequestOptions()
        options.sampling = template.sampling
        options.stream = !random.one(in: 3)
        if random.one(in: 12) { options.deadlineMilliseconds = 1 + random.below(4000) }
        var made = Preparation(options: options, request: request, pageTokens: 16)
        // One of several answers to a prompt, of which the first may be anywhere, or gone.
        if random.one(in: 6) { made.sharesPromptOf = live.filter { $0 != ticket }.randomElement(using: &random) }
        return made
    }

    mutating func finishPreparing() {
        guard let ticket = preparing.keys.sorted().randomElement(using: &random),
            let preparation = preparing.removeValue(forKey: ticket)
        else { return }
        // What was turned away at the door is not made ready; a body that is no good is told so.
        if random.one(in: 15) {
            feed(.unprepared(ticket, RequestError(.badArgument, "no good")))
        } else {
            feed(.prepared(ticket, preparation))
        }
    }

    private mutating func leave() {
        guard let ticket = live.randomElement(using: &random) else { return }
        if random.one(in: 2) { return feed(.cancelled(ticket)) }
        // Nobody listens, so that no end need be heard; but the request must be gone.
        heard[ticket]?.isAbandoned = true
        live.removeAll { $0 == ticket }
        preparing[ticket] = nil
        feed(.abandoned(ticket))
    }

    // MARK: - Groups

    private mutating func loseGroup() {
        guard let slot = groups.keys.sorted().randomElement(using: &random) else { return }
        lose(slot)
    }

    private mutating func lose(_ slot: Int) {
        guard let generation = groups.removeValue(forKey: slot)?.generation else { return }
        endings[slot] = nil
        lossCount += 1
        feed(.group(slot: slot, generation: generation, .ended(RanksDied())))
        // Late words of a group that is gone.
        if random.one(in: 2) {
            var report = StepReport()
            report.tokens = [.init(id: "j\(nextTicket)", ids: [999])]
            feed(.group(slot: slot, generation: generation, .report(rank: 0, .step(report))))
        }
    }

    private mutating func hang() {
        guard let slot = groups.keys.sorted().randomElement(using: &random) else { return }
        groups[slot]?.group.isHung = true
    }

    /// Nothing bad happens any more, until every request has ended.
    mutating func calm(_ limit: Int = 40_000) {
        isCalm = true
        var turns = 0
        while !(live.isEmpty && core.inFlight == 0), turns < limit, fault == nil {
            if !preparing.isEmpty, random.one(in: 2) { finishPreparing() } else { turn() }
            turns += 1
        }
        require(live.isEmpty && core.inFlight == 0, "\(live.prefix(5)) wait for something that does not come")
        isCalm = false
    }
}
