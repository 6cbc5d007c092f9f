internal import Checkpoints
internal import Foundation
internal import GroupLauncher
internal import RankProgram

/// The plan of a group as a person reads it, and as JSON.
package enum GroupPlanTable {
    package static func gibibytes(_ bytes: Int) -> String { String(format: "%.2f", Double(bytes) / 1_073_741_824) }

    /// A number of bytes in the unit that suits it: `1.60 GiB`, `4.6 MiB`, `12 KiB`.
    static func size(_ bytes: Int) -> String {
        switch bytes {
        case (100 << 20)...: gibibytes(bytes) + " GiB"
        case (100 << 10)...: String(format: "%.1f MiB", Double(bytes) / 1_048_576)
        case 0: "–"
        default: String(format: "%.1f KiB", Double(bytes) / 1024)
        }
    }

    static func text(_ plan: GroupPlan, model: String, host: String, placement: Placement? = nil) -> String {
        var lines = [
            "\(model): \(plan.options.decoderRanks) decoder and \(plan.options.visionRanks) vision ranks, "
                + "weights \(plan.format.rawValue), "
                + (plan.options.ownVisionFormat(beside: plan.format).map { "vision tower \($0), " } ?? "")
                + "\(plan.options.cacheTokens) tokens of KV cache",
            "rank  role     host            threads  heads    kv heads  mlp rows       vocabulary       "
                + "weights     kv cache    work        sent a token",
        ]
        for rank in plan.ranks {
            let isDecoder = rank.role == "decoder"
            lines.append(
                [
                    pad("\(rank.rank)", 4), pad(rank.role, 7),
                    pad(placement?.label(of: rank.rank) ?? host, 14), pad(threads(rank, placement), 7),
                    pad(isDecoder ? range(rank.queryHeads) : "–", 7), pad(isDecoder ? range(rank.kvHeads) : "–", 8),
                    pad(isDecoder ? range(rank.mlpRows) : "–", 13),
                    pad(isDecoder ? range(rank.vocabularyRows) : "–", 15),
                    pad(size(rank.weightBytes), 10), pad(size(rank.cacheBytes), 10), pad(size(rank.workBytes), 10),
                    isDecoder ? size(rank.decodeStepBytes) : "\(size(rank.prefillStepBytes)) a tile",
                ].joined(separator: "  ")
            )
        }
        lines.append("in all \(size(plan.totalBytes))")
        if let calibration = plan.calibration { lines.append("scales chosen by \(calibration)") }
        if plan.options.decoderRanks > 1, let wire = plan.options.roundingWire {
            lines.append("partial sums travel between hosts as \(wire), rounded: see the warning")
        }
        if let placement { lines += placement.loads(plan).map(\.text) }
        lines.append(
            "shared on one host: \(size(plan.sharedBytes)) of the work areas, and by Open MPI "
                + "\(size(MessageMemory.bytes(ranks: plan.ranks.count))) in \(MessageMemory.directory)"
                + (MessageMemory.freeBytes.map { ", where \(size($0)) are free" } ?? "")
        )
        return lines.joined(separator: "\n")
    }

    static func fields(
        _ plan: GroupPlan,
        model: String,
        host: String,
        placement: Placement? = nil,
        warnings: [String]
    ) -> [String: Any] {
        let ranks = plan.ranks.map { rank -> [String: Any] in
            var fields: [String: Any] = [
                "rank": rank.rank, "role": rank.role, "host": placement?.host(of: rank.rank).name ?? host,
                "query_heads": bounds(rank.queryHeads), "kv_heads": bounds(rank.kvHeads),
                "mlp_rows": bounds(rank.mlpRows), "vocabulary_rows": bounds(rank.vocabularyRows),
                "weight_bytes": rank.weightBytes, "kv_bytes": rank.cacheBytes, "work_bytes": rank.workBytes,
                "shared_bytes": rank.sharedBytes,
                "total_bytes": rank.totalBytes, "decode_step_bytes": rank.decodeStepBytes,
                "prefill_step_bytes": rank.prefillStepBytes,
            ]
            fields["node"] = placement?.node(of: rank.rank)
            let count = placement.map { $0.seats[rank.rank].threads } ?? rank.threads
            // Of a host that did not answer, nobody knows.
            fields["threads"] = count
            if count != nil, rank.role == "vision" { fields["helper_threads"] = rank.helpers }
            return fields
        }
        var object: [String: Any] = [
            "model": model, "format": plan.format.rawValue, "vision_format": plan.visionFormat.rawValue,
            "decoder_ranks": plan.options.decoderRanks,
            "wire_format": plan.options.roundingWire ?? "f32", "vision_ranks": plan.options.visionRanks,
            "context": plan.options.cacheTokens, "total_bytes": plan.totalBytes, "shared_bytes": plan.sharedBytes,
            "mpi_shared_bytes": MessageMemory.bytes(ranks: plan.ranks.count), "ranks": ranks, "warnings": warnings,
        ]
        object["calibration"] = plan.calibration
        object["hosts"] = placement?.loads(plan).map(\.fields)
        return object
    }

    private static func threads(_ rank: GroupPlan.Rank, _ placement: Placement?) -> String {
        let count = placement.map { $0.seats[rank.rank].threads } ?? rank.threads
        return count.map { "\($0)" + (rank.helpers > 0 ? "+\(rank.helpers)" : "") } ?? "?"
    }

    private static func bounds(_ range: Range<Int>) -> [Int] { [range.lowerBound, range.upperBound] }

    private static func range(_ range: Range<Int>) -> String {
        range.isEmpty ? "none" : "\(range.lowerBound)–\(range.upperBound - 1)"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
