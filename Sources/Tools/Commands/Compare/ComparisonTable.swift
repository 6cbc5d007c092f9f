import Checkpoints
import Foundation
import Kernels
import RankProgram

/// What a comparison found, as a person reads it and as JSON.
struct ComparisonTable {
    struct Row {
        let subject: FormatComparison.Subject
        let set: String
        let result: LogitsComparison
        /// Of the visual tokens, where the tower has another format than the reference's.
        var visual: VisualDifference?
    }

    let model: String
    let reference: String
    private(set) var rows: [Row] = []

    init(model: String, reference: String) { (self.model, self.reference) = (model, reference) }

    /// Adds the results of a subject: a row for each kind of text, and one for all.
    mutating func add(
        _ subject: FormatComparison.Subject,
        _ results: [LogitsComparison],
        kinds: [ComparisonSet.Kind],
        _ visual: VisualDifference? = nil
    ) {
        func sum(_ wanted: [ComparisonSet.Kind]) -> LogitsComparison {
            zip(results, kinds).reduce(into: LogitsComparison()) { sum, one in
                if wanted.contains(one.1) { sum.add(one.0) }
            }
        }
        let present = ComparisonSet.Kind.allCases.filter(kinds.contains)
        for kind in present {
            let its = kind == .images ? visual : nil
            rows.append(Row(subject: subject, set: kind.rawValue, result: sum([kind]), visual: its))
        }
        if present.count > 1 { rows.append(Row(subject: subject, set: "all", result: sum(present))) }
    }

    var text: String {
        let head = "\(model), compared with \(reference); KL divergence in nats"
        let width = 2 + (rows.map(\.subject.name.count).max() ?? 0)
        let titles =
            Self.pad("format", max(8, width))
            + "set     positions   mean KL    99th pct.   same top-1   largest logit error"
        let lines = rows.map { Self.line($0, max(8, width)) }
        return ([head, titles] + lines + rows.compactMap(Self.visualLine)).joined(separator: "\n")
    }

    private static func line(_ row: Row, _ width: Int) -> String {
        let result = row.result
        let names = pad(row.subject.name, width) + pad(row.set, 8)
        let numbers = String(
            format: "%9d   %.2e   %.2e   %8.2f %%   %10.4f",
            result.positions,
            result.meanDivergence,
            result.divergence(atPercentile: 0.99),
            100 * result.topAgreement,
            result.maxError
        )
        return names + numbers
    }

    private static func visualLine(_ row: Row) -> String? {
        row.visual.map {
            "visual tokens of \(row.subject.name): "
                + String(
                    format: "relative error %.2e, at worst %.2e of a token, %d tokens",
                    $0.relativeError,
                    $0.worstToken,
                    $0.tokens
                )
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    func json() throws -> String {
        let results = rows.map { row -> [String: Any] in
            var fields: [String: Any] = [
                "format": row.subject.format.rawValue, "set": row.set, "positions": row.result.positions,
                "mean_kl": row.result.meanDivergence, "p99_kl": row.result.divergence(atPercentile: 0.99),
                "top1_agreement": row.result.topAgreement,
                // JSON has no NaN.
                "max_logit_error": row.result.maxError.isFinite ? Double(row.result.maxError) : NSNull() as Any,
            ]
            if row.subject.hosts > 1 {
                (fields["wire_format"], fields["hosts"]) = (row.subject.wire.rawValue, row.subject.hosts)
            }
            fields["vision_format"] = row.subject.visionFormat.rawValue
            if let visual = row.visual {
                func number(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
                (fields["visual_error"], fields["visual_tokens"]) = (number(visual.relativeError), visual.tokens)
                fields["worst_visual_token_error"] = number(visual.worstToken)
            }
            return fields
        }
        let object: [String: Any] = ["model": model, "reference": reference, "results": results]
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }
}
