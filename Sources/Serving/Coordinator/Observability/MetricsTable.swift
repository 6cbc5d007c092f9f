internal import ServingCore
internal import WireProtocol

/// Every metric in one place: its name for Prometheus, its kind, what it means, and where in STATS its value stands.
///
/// STATS, METRICS and `flotilla top` say the same figures, because all of them are read from one `StatsReport`.
struct MetricsTable {
    /// One line of the page: labels besides the model's, and a value.
    typealias Sample = (labels: [(String, String)], value: Double)

    struct Row: Sendable {
        let name: String
        let kind: PrometheusText.Kind
        let help: String
        let samples: @Sendable (StatsReport) -> [Sample]
        /// Whether its samples are a rank's, and not the model's.
        var isOfRanks = false

        fileprivate init(
            _ name: String,
            _ kind: PrometheusText.Kind,
            _ help: String,
            samples: @escaping @Sendable (StatsReport) -> [Sample]
        ) {
            (self.name, self.kind, self.help, self.samples) = ("flotilla:" + name, kind, help, samples)
        }

        /// Of one figure.
        fileprivate init(
            _ name: String,
            _ kind: PrometheusText.Kind,
            _ help: String,
            _ value: @escaping @Sendable (StatsReport) -> Int
        ) {
            self.init(name, kind, help) { [([], Double(value($0)))] }
        }

        /// Of one figure by kind.
        fileprivate init(
            _ name: String,
            _ help: String,
            by label: String,
            _ counts: @escaping @Sendable (StatsReport) -> [String: Int]
        ) {
            self.init(name, .counter, help) { stats in
                counts(stats).sorted { $0.key < $1.key }.map { ([(label, $0.key)], Double($0.value)) }
            }
        }

        /// Of one figure a rank.
        fileprivate init(
            rank name: String,
            _ kind: PrometheusText.Kind,
            _ help: String,
            _ value: @escaping @Sendable (StatsReport.Rank) -> Double
        ) {
            self.init("rank_" + name, kind, help) { stats in
                stats.ranks.map {
                    let group = $0.group.map { [("group", String($0))] } ?? []
                    return (group + [("rank", String($0.rank)), ("role", $0.role), ("host", $0.host)], value($0))
                }
            }
            isOfRanks = true
        }

        /// Of one figure a group.
        fileprivate init(
            group name: String,
            _ kind: PrometheusText.Kind,
            _ help: String,
            _ value: @escaping @Sendable (StatsReport.GroupPart) -> Int
        ) {
            self.init("group_" + name, kind, help) { stats in
                (stats.groups ?? []).map { ([("group", String($0.group))], Double(value($0))) }
            }
        }
    }

    /// vLLM's names where it has them.
    static let rows: [Row] = [
        Row("num_requests_running", .gauge, "Requests on which the ranks work.") { $0.requests.running },
        Row("num_requests_waiting", .gauge, "Requests in line, or being made ready.") { $0.requests.waiting },
        Row("kv_cache_usage_perc", .gauge, "Share of the KV cache's pages in use, 0 to 1.") {
            [([], Double($0.cache.used) / Double(max($0.cache.pages, 1)))]
        },
        Row("num_preemptions_total", .counter, "Requests computed again for want of pages.") { $0.requests.preempted },
        Row("prompt_tokens_total", .counter, "Tokens of prompts.") { $0.tokens.prompt },
        Row("generation_tokens_total", .counter, "Tokens generated.") { $0.tokens.generated },
        Row("tokens_total", "Tokens by kind.", by: "kind") {
            [
                "prompt": $0.tokens.prompt, "cached": $0.tokens.cached, "image": $0.tokens.image,
                "thinking": $0.tokens.thinking, "answer": $0.tokens.answer,
            ]
        },
        Row("prefix_cache_queries_total", .counter, "Prompt tokens looked up in the prefix cache.") {
            $0.tokens.prompt
        },
        Row("prefix_cache_hits_total", .counter, "Prompt tokens found in the prefix cache.") { $0.tokens.cached },
        Row("kv_disk_pages", .gauge, "Pages of the KV cache on disk.") { $0.cache.disk?.pages ?? 0 },
        Row("kv_disk_bytes", .gauge, "Bytes of those pages, over all ranks.") { $0.cache.disk?.bytes ?? 0 },
        Row("kv_disk_pages_read_total", .counter, "Pages that came back from disk.") { $0.cache.disk?.read ?? 0 },
        Row("kv_disk_pages_written_total", .counter, "Pages written to disk.") { $0.cache.disk?.written ?? 0 },
        Row("kv_disk_pages_refused_total", .counter, "Pages that could not be written or had back.") {
            $0.cache.disk?.refused ?? 0
        },
        Row("mm_cache_queries_total", .counter, "Pictures looked up among the visual tokens.") {
            $0.cache.imageHits + $0.cache.imageMisses
        },
        Row("mm_cache_hits_total", .counter, "Pictures whose visual tokens were there.") { $0.cache.imageHits },
        Row("spec_decode_num_drafts_total", .counter, "Drafts that were checked.") { $0.speculation?.drafts ?? 0 },
        Row("spec_decode_num_draft_tokens_total", .counter, "Tokens of drafts.") { $0.speculation?.draftTokens ?? 0 },
        Row("spec_decode_num_accepted_tokens_total", .counter, "Tokens of drafts that were right.") {
            $0.speculation?.acceptedTokens ?? 0
        },
        Row("spec_decode_num_accepted_tokens_per_pos_total", .counter, "The same by place in the draft.") { stats in
            (stats.speculation?.acceptedPerPosition ?? []).enumerated().map {
                ([("position", String($0.offset))], Double($0.element))
            }
        },
        Row("draft_model_ready", .gauge, "Whether the draft model guesses, 0 or 1.") {
            $0.speculation?.draftModel?.state == "ready" ? 1 : 0
        },
        Row("draft_model_losses_total", .counter, "How often the draft model's ranks were lost.") {
            $0.speculation?.draftModel?.losses ?? 0
        },
        Row("draft_model_num_draft_tokens_total", .counter, "Tokens of drafts, of those that a draft model made.") {
            $0.speculation?.draftModel?.draftTokens ?? 0
        },
        Row("draft_model_num_accepted_tokens_total", .counter, "The same, of those that were right.") {
            $0.speculation?.draftModel?.acceptedTokens ?? 0
        },
        Row("request_success_total", "Requests ended, by how.", by: "finished_reason") { $0.requests.ended },
        Row("request_errors_total", "Errors sent, by code.", by: "code") { $0.requests.errors },
        Row("http_requests_total", "Requests over HTTP, by status; 499: the client left.", by: "status") {
            $0.http ?? [:]
        },
        Row("request_replays_total", .counter, "Requests taken up again by a new group.") { $0.requests.replayed },
        Row("group_losses_total", .counter, "Groups that were lost.") { $0.group.restarts },
        Row(group: "ready", .gauge, "Whether a group is ready, 0 or 1.") { $0.state == "ready" ? 1 : 0 },
        Row(group: "restarts_total", .counter, "How often a group was lost.") { $0.restarts },
        Row(group: "regrowths_total", .counter, "How often a group was started anew to be larger.") {
            $0.regrowths ?? 0
        },
        Row(group: "missing_hosts", .gauge, "Hosts that a group does without.") { $0.missingHosts?.count ?? 0 },
        Row(group: "decoder_ranks", .gauge, "Decoder ranks of a group.") { $0.decoder },
        Row(group: "requests_running", .gauge, "Requests that a group has.") { $0.running },
        Row(group: "requests_total", .counter, "Requests that a group was handed.") { $0.handed },
        Row(group: "requests_resumed_total", .counter, "Requests of a lost group that a group went on with.") {
            $0.resumed
        },
        Row(group: "prompt_tokens_total", .counter, "Tokens of prompts that a group has answered.") {
            $0.promptTokens
        },
        Row(group: "prefix_cache_hits_total", .counter, "Of those, found in the group's prefix cache.") {
            $0.cachedTokens
        },
        Row(group: "generation_tokens_total", .counter, "Tokens that a group has generated.") {
            $0.generatedTokens
        },
        Row("connections", .gauge, "Open connections.") { $0.connections.open },
        Row(rank: "compute_seconds_total", .counter, "Time in kernels.") { $0.computeMs / 1e3 },
        Row(rank: "all_reduce_seconds_total", .counter, "Time in all-reduces and gathers.") {
            $0.communicationMs / 1e3
        },
        Row(rank: "wait_seconds_total", .counter, "Time waiting for work.") { $0.waitMs / 1e3 },
        Row(rank: "sent_bytes_total", .counter, "Bytes sent to other ranks.") { Double($0.sentBytes) },
        Row(rank: "resident_memory_bytes", .gauge, "Resident memory.") { Double($0.residentBytes) },
        Row(rank: "steps_total", .counter, "Steps taken part in.") { Double($0.steps) },
        Row(rank: "failures_total", .counter, "Requests ended because their logits are not numbers.") {
            Double($0.failures)
        },
        Row(rank: "tiles_total", .counter, "Tiles encoded.") { Double($0.tiles) },
    ]

    /// Times, whose buckets STATS sums up as quantiles.
    static let histograms: [(name: String, help: String, of: @Sendable (Statistics) -> Histogram)] = [
        ("time_to_first_token_seconds", "From the request to its first token.", { $0.firstToken }),
        ("inter_token_latency_seconds", "Between two tokens of a request.", { $0.interToken }),
        ("e2e_request_latency_seconds", "From the request to its end.", { $0.requestTime }),
        ("request_queue_time_seconds", "From the request to the start of work.", { $0.queueTime }),
    ]

    /// The page for Prometheus.
    static func page(_ stats: StatsReport, _ statistics: Statistics) -> String {
        let model = [("model_name", stats.model)]
        var page = PrometheusText()
        for row in rows {
            page.begin(row.name, row.kind, row.help)
            for sample in row.samples(stats) {
                page.sample(row.name, (row.isOfRanks ? [] : model) + sample.labels, sample.value)
            }
        }
        for (name, help, histogram) in histograms {
            page.histogram("flotilla:" + name, help, histogram(statistics), model)
        }
        return page.text
    }
}
