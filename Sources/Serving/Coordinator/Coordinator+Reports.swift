internal import Checkpoints
internal import Frontend
internal import GroupLauncher
internal import GroupLink
internal import NIOCore
internal import RankProgram
internal import Requests
internal import ServingCore
internal import WireProtocol

/// What INFO, HEALTH, STATS and METRICS say.
extension Coordinator {
    private struct Info: Encodable {
        struct Model: Encodable {
            var name: String
            var layers: Int
            var hidden: Int
            var heads: Int
            var kvHeads: Int
            var vocabulary: Int
            var maxPositions: Int
            var tileSide: Int
            var maxTiles: Int
            var visualTokensPerTile: Int
        }

        var server: String
        var model: Model
        var state: String
        var maxContext: Int
        var maxBlob: Int
        var maxImages: Int
        var maxSequences: Int
        var prefillChunk: Int
        var pageTokens: Int
        var ranks: [String: Int]
        var groups: Int
        var verbs: [String]
    }

    func infoJSON() -> String {
        let decoder = config.decoder
        return StatsReport.json(
            Info(
                server: "flotilla \(options.version)",
                model: Info.Model(
                    name: config.modelName,
                    layers: decoder.layers,
                    hidden: decoder.hidden,
                    heads: decoder.heads,
                    kvHeads: decoder.kvHeads,
                    vocabulary: decoder.vocabulary,
                    maxPositions: decoder.maxPositions,
                    tileSide: config.images.tileSide,
                    maxTiles: config.images.maxTiles,
                    visualTokensPerTile: config.visualTokensPerTile
                ),
                state: core.state.rawValue,
                maxContext: maxContext,
                maxBlob: options.limits.blobBytes,
                maxImages: options.limits.images,
                maxSequences: options.rankOptions.maxSequences,
                prefillChunk: options.rankOptions.prefillChunk,
                pageTokens: desk.pageTokens,
                ranks: ["decoder": core.decoderRanks, "vision": core.visionRanks],
                groups: options.groupSpecs.count,
                verbs: Verb.allCases.map(\.rawValue)
            )
        )
    }

    private struct Health: Encodable {
        var state: String
        /// Whether requests are taken.
        var healthy: Bool
        var ranks: Int
        var loaded: Double
        /// Groups that are ready, where there are several.
        var readyGroups: Int?
    }

    /// Whether requests are taken, and worked on at once.
    var isHealthy: Bool { core.isHealthy }

    func healthJSON() -> String {
        let snapshot = core.snapshot(now: now)
        let shares = snapshot.groups.map { $0.isReady ? 1 : Double($0.loading.done) / Double(max($0.loading.total, 1)) }
        let ready = snapshot.groups.reduce(0) { $0 + $1.ranks.reduce(0) { $0 + ($1.stats == nil ? 0 : 1) } }
        return StatsReport.json(
            Health(
                state: snapshot.state.rawValue,
                healthy: snapshot.isHealthy,
                ranks: ready,
                loaded: shares.max() ?? 0,
                readyGroups: snapshot.groups.count > 1 ? snapshot.groups.count(where: \.isReady) : nil
            )
        )
    }

    func statsJSON() -> String { StatsReport.json(statsReport(core.snapshot(now: now))) }

    func metricsJSON() -> String { StatsReport.json(["text": metricsText()]) }

    /// The page for Prometheus: vLLM's names, under our own prefix.
    func metricsText() -> String {
        let snapshot = core.snapshot(now: now)
        return MetricsTable.page(statsReport(snapshot), snapshot.statistics)
    }

    private func statsReport(_ snapshot: CoreSnapshot) -> StatsReport {
        let s = snapshot.statistics
        var report = StatsReport(
            state: snapshot.state.rawValue,
            uptimeS: now.seconds,
            model: config.modelName,
            version: options.version,
            requests: .init(
                running: snapshot.running,
                waiting: snapshot.waiting,
                accepted: s.accepted,
                ended: s.ended,
                failed: s.failed,
                errors: s.errors,
                replayed: s.replayed,
                preempted: s.preemptions
            ),
            tokens: .init(
                prompt: s.promptTokens,
                cached: s.cachedTokens,
                image: s.imageTokens,
                thinking: s.thinkingTokens,
                answer: s.answerTokens,
                generated: s.generatedTokens
            ),
            speculation: speculationReport(s.speculation),
            rates: .init(answerPerS: s.generatedRate.perSecond, promptPerS: s.promptRate.perSecond),
            latency: .init(
                ttftMs: .init(s.firstToken),
                itlMs: .init(s.interToken),
                e2eMs: .init(s.requestTime),
                queueMs: .init(s.queueTime)
            ),
            cache: cacheReport(snapshot),
            group: groupReport(snapshot),
            groups: snapshot.groups.enumerated().map { groupPart($1, $0) },
            ranks: snapshot.groups.enumerated().flatMap { slot, group in group.ranks.map { rankReport($0, slot) } },
            connections: .init(open: sessions.count + httpConnections.count, total: connectionCount)
        )
        report.http = Dictionary(httpStatuses.map { (String($0.key), $0.value) }) { $1 }
        return report
    }

    private func groupReport(_ snapshot: CoreSnapshot) -> StatsReport.Group {
        var group = StatsReport.Group(
            generation: snapshot.groups.map(\.generation).max() ?? 0,
            restarts: snapshot.statistics.losses,
            decoder: snapshot.groups.reduce(0) { $0 + $1.decoderRanks },
            vision: snapshot.groups.reduce(0) { $0 + $1.visionRanks },
            askedDecoder: snapshot.groups.reduce(0) { $0 + $1.askedDecoderRanks },
            sinceS: snapshot.groups.map(\.age.seconds).max() ?? 0
        )
        group.wireFormat = options.rankOptions.roundingWire
        return group
    }

    private func groupPart(_ group: CoreSnapshot.Group, _ slot: Int) -> StatsReport.GroupPart {
        var part = StatsReport.GroupPart(
            group: slot,
            state: group.phase.rawValue,
            generation: group.generation,
            decoder: group.decoderRanks,
            vision: group.visionRanks,
            askedDecoder: group.askedDecoderRanks,
            sinceS: group.age.seconds
        )
        let figures = group.figures
        (part.restarts, part.running) = (figures.losses, group.running)
        (part.regrowths, part.missingHosts) = (figures.regrowths, group.missingHosts)
        (part.handed, part.resumed) = (figures.handed, figures.resumed)
        (part.promptTokens, part.cachedTokens) = (figures.promptTokens, figures.cachedTokens)
        part.generatedTokens = figures.generatedTokens
        (part.pages, part.usedPages) = (group.load.pages, group.load.usedPages)
        return part
    }

    private func cacheReport(_ snapshot: CoreSnapshot) -> StatsReport.Cache {
        func sum(_ part: (CoreSnapshot.Group) -> Int) -> Int { snapshot.groups.reduce(0) { $0 + part($1) } }
        let s = snapshot.statistics
        var report = StatsReport.Cache(
            pages: sum(\.load.pages),
            used: sum(\.load.usedPages),
            cached: sum(\.load.cachedPages),
            queries: s.cacheQueries,
            hits: s.cacheHits,
            hitRate: Double(s.cachedTokens) / Double(max(s.promptTokens, 1)),
            imagesBytes: sum(\.imageBytes),
            imageHits: sum(\.imageHits),
            imageMisses: sum(\.imageMisses)
        )
        report.disk = StatsReport.Cache.Disk(snapshot.groups.compactMap(\.load.disk))
        return report
    }

    private func rankReport(_ rank: RankTable.Rank, _ slot: Int) -> StatsReport.Rank {
        let activity = rank.activity
        let silence = groups[slot]?.group.pulse(of: rank.hello.rank)?.silence ?? .zero
        var report = StatsReport.Rank(
            rank: rank.hello.rank,
            role: rank.hello.role.rawValue,
            host: rank.hello.host,
            pid: rank.hello.pid,
            threads: rank.stats?.threads ?? rank.hello.threads,
            computeMs: activity.computeMilliseconds,
            communicationMs: activity.communicationMilliseconds,
            waitMs: activity.waitMilliseconds,
            sentBytes: activity.sentBytes,
            residentBytes: activity.residentBytes,
            steps: activity.steps,
            tiles: activity.tiles,
            failures: activity.failures,
            weightBytes: rank.stats?.weightBytes ?? 0,
            cacheBytes: rank.stats?.cacheBytes ?? 0,
            silenceMs: silence / .milliseconds(1)
        )
        report.helperThreads = rank.hello.role == .vision ? rank.stats?.helpers : nil
        report.group = options.groupSpecs.count > 1 ? slot : nil
        if let stats = rank.stats, stats.heads > 0 {
            (report.heads, report.rows, report.stepBytes) = (stats.heads, stats.rows, stats.stepBytes)
        }
        if let rate = rank.stats?.readBytesPerSecond, rate > 0 { report.readBytesPerS = rate }
        return report
    }
}
