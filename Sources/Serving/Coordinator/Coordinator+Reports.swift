internal import Checkpoints
internal import Foundation
internal import GroupLauncher
internal import GroupLink
internal import NIOCore
internal import RankProgram
internal import WireProtocol
internal import Requests

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
        var maxSequences: Int
        var prefillChunk: Int
        var pageTokens: Int
        var ranks: [String: Int]
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
                state: state.rawValue,
                maxContext: maxContext,
                maxSequences: options.rankOptions.maxSequences,
                prefillChunk: options.rankOptions.prefillChunk,
                pageTokens: desk.pageTokens,
                ranks: ["decoder": policy.decoderRanks, "vision": options.rankOptions.visionRanks],
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
    }

    /// Whether requests are taken, and worked on at once.
    var isHealthy: Bool { groupState == .ready && !isDraining }

    func healthJSON() -> String {
        let loading = ranks.loading
        let share = groupState == .ready ? 1 : Double(loading.done) / Double(max(loading.total, 1))
        return StatsReport.json(
            Health(state: state.rawValue, healthy: isHealthy, ranks: ranks.readyCount, loaded: share)
        )
    }

    func statsJSON() -> String {
        let now = NIODeadline.now()
        let s = statistics
        return StatsReport.json(
            StatsReport(
                state: state.rawValue,
                uptimeS: (now - started).seconds,
                model: config.modelName,
                version: options.version,
                requests: .init(
                    running: runningCount,
                    waiting: requests.count + preparing - runningCount,
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
                rates: .init(answerPerS: s.generatedRate.perSecond, promptPerS: s.promptRate.perSecond),
                latency: .init(
                    ttftMs: .init(s.firstToken),
                    itlMs: .init(s.interToken),
                    e2eMs: .init(s.requestTime),
                    queueMs: .init(s.queueTime)
                ),
                cache: cacheReport(),
                group: .init(
                    generation: generation,
                    restarts: s.losses,
                    decoder: policy.decoderRanks,
                    vision: options.rankOptions.visionRanks,
                    askedDecoder: policy.asked,
                    sinceS: readySince.map { (now - $0).seconds } ?? 0
                ),
                ranks: ranks.inOrder.map(rankReport),
                connections: .init(open: sessions.count, total: s.connections)
            )
        )
    }

    /// Requests on which the ranks work.
    private var runningCount: Int { requests.values.reduce(0) { $0 + ($1.isDispatched ? 1 : 0) } }

    private func cacheReport() -> StatsReport.Cache {
        let asked = max(statistics.promptTokens, 1)
        return StatsReport.Cache(
            pages: load.pages,
            used: load.usedPages,
            cached: load.cachedPages,
            queries: statistics.cacheQueries,
            hits: statistics.cacheHits,
            hitRate: Double(statistics.cachedTokens) / Double(asked),
            imagesBytes: visualTokens.byteCount,
            imageHits: visualTokens.hits,
            imageMisses: visualTokens.misses
        )
    }

    private func rankReport(_ rank: RankTable.Rank) -> StatsReport.Rank {
        let activity = rank.activity
        let silence = group?.group.pulse(of: rank.hello.rank)?.silence ?? .zero
        return StatsReport.Rank(
            rank: rank.hello.rank,
            role: rank.hello.role.rawValue,
            host: rank.hello.host,
            pid: rank.hello.pid,
            threads: rank.hello.threads,
            computeMs: activity.computeMilliseconds,
            communicationMs: activity.communicationMilliseconds,
            waitMs: activity.waitMilliseconds,
            sentBytes: activity.sentBytes,
            residentBytes: activity.residentBytes,
            steps: activity.steps,
            tiles: activity.tiles,
            weightBytes: rank.stats?.weightBytes ?? 0,
            cacheBytes: rank.stats?.cacheBytes ?? 0,
            silenceMs: silence / .milliseconds(1)
        )
    }

    func metricsJSON() -> String { StatsReport.json(["text": metricsText()]) }

    /// The page for Prometheus: vLLM's names, under our own prefix.
    func metricsText() -> String {
        let s = statistics
        let model = [("model_name", config.modelName)]
        var page = PrometheusText()
        page.single(
            "flotilla:num_requests_running",
            .gauge,
            "Requests on which the ranks work.",
            Double(runningCount),
            model
        )
        page.single(
            "flotilla:num_requests_waiting",
            .gauge,
            "Requests in line.",
            Double(requests.count - runningCount),
            model
        )
        let share = Double(load.usedPages) / Double(max(load.pages, 1))
        page.single(
            "flotilla:kv_cache_usage_perc",
            .gauge,
            "Share of the KV cache's pages in use, 0 to 1.",
            share,
            model
        )
        page.single(
            "flotilla:num_preemptions_total",
            .counter,
            "Requests computed again for want of pages.",
            Double(s.preemptions),
            model
        )
        page.single("flotilla:prompt_tokens_total", .counter, "Tokens of prompts.", Double(s.promptTokens), model)
        page.single("flotilla:generation_tokens_total", .counter, "Tokens generated.", Double(s.generatedTokens), model)
        page.begin("flotilla:tokens_total", .counter, "Tokens by kind.")
        let kinds = [
            ("prompt", s.promptTokens), ("cached", s.cachedTokens), ("image", s.imageTokens),
            ("thinking", s.thinkingTokens), ("answer", s.answerTokens),
        ]
        for (kind, count) in kinds { page.sample("flotilla:tokens_total", model + [("kind", kind)], Double(count)) }
        page.single(
            "flotilla:prefix_cache_queries_total",
            .counter,
            "Prompt tokens looked up in the prefix cache.",
            Double(s.promptTokens),
            model
        )
        page.single(
            "flotilla:prefix_cache_hits_total",
            .counter,
            "Prompt tokens found in the prefix cache.",
            Double(s.cachedTokens),
            model
        )
        page.single(
            "flotilla:mm_cache_queries_total",
            .counter,
            "Pictures looked up among the visual tokens.",
            Double(visualTokens.hits + visualTokens.misses),
            model
        )
        page.single(
            "flotilla:mm_cache_hits_total",
            .counter,
            "Pictures whose visual tokens were there.",
            Double(visualTokens.hits),
            model
        )
        page.begin("flotilla:request_success_total", .counter, "Requests ended, by how.")
        for (finish, count) in s.ended.sorted(by: { $0.key < $1.key }) {
            page.sample("flotilla:request_success_total", model + [("finished_reason", finish)], Double(count))
        }
        page.begin("flotilla:request_errors_total", .counter, "Errors sent, by code.")
        for (code, count) in s.errors.sorted(by: { $0.key < $1.key }) {
            page.sample("flotilla:request_errors_total", model + [("code", code)], Double(count))
        }
        page.single(
            "flotilla:request_replays_total",
            .counter,
            "Requests taken up again by a new group.",
            Double(s.replayed),
            model
        )
        page.single("flotilla:group_losses_total", .counter, "Groups that were lost.", Double(s.losses), model)
        page.single("flotilla:connections", .gauge, "Open connections.", Double(sessions.count), model)
        page.histogram(
            "flotilla:time_to_first_token_seconds",
            "From the request to its first token.",
            s.firstToken,
            model
        )
        page.histogram("flotilla:inter_token_latency_seconds", "Between two tokens of a request.", s.interToken, model)
        page.histogram("flotilla:e2e_request_latency_seconds", "From the request to its end.", s.requestTime, model)
        page.histogram(
            "flotilla:request_queue_time_seconds",
            "From the request to the start of work.",
            s.queueTime,
            model
        )
        rankMetrics(&page)
        return page.text
    }

    private func rankMetrics(_ page: inout PrometheusText) {
        let rows = ranks.inOrder.map(rankReport)
        func metric(_ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (StatsReport.Rank) -> Double)
        {
            page.begin(name, kind, help)
            for row in rows {
                page.sample(name, [("rank", String(row.rank)), ("role", row.role), ("host", row.host)], value(row))
            }
        }
        metric("flotilla:rank_compute_seconds_total", .counter, "Time in kernels.") { $0.computeMs / 1e3 }
        metric("flotilla:rank_all_reduce_seconds_total", .counter, "Time in all-reduces and gathers.") {
            $0.communicationMs / 1e3
        }
        metric("flotilla:rank_wait_seconds_total", .counter, "Time waiting for work.") { $0.waitMs / 1e3 }
        metric("flotilla:rank_sent_bytes_total", .counter, "Bytes sent to other ranks.") { Double($0.sentBytes) }
        metric("flotilla:rank_resident_memory_bytes", .gauge, "Resident memory.") { Double($0.residentBytes) }
        metric("flotilla:rank_steps_total", .counter, "Steps taken part in.") { Double($0.steps) }
        metric("flotilla:rank_tiles_total", .counter, "Tiles encoded.") { Double($0.tiles) }
    }
}
