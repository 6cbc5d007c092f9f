internal import Diagnostics
internal import Foundation
package import GroupLauncher

extension Diagnosis {
    /// One object, on one line.
    package func json(model: String, network: NetworkReport?) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let object = Object(
            model: model,
            exitCode: exitCode.rawValue,
            verdict: verdict,
            hosts: hosts.map { Object.Host($0, findings(of: $0.name).map(Object.Finding.init)) },
            network: network,
            findings: findings(of: nil).map(Object.Finding.init)
        )
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }

    private struct Object: Encodable {
        let model: String
        let exitCode: Int32
        let verdict: String
        let hosts: [Host]
        let network: NetworkReport?
        /// Those that are about no host alone.
        let findings: [Finding]

        struct Finding: Encodable {
            let check: String
            let severity: String
            let exitCode: Int32?
            let text: String
            let hint: String?

            init(_ finding: Frontend.Finding) {
                check = finding.check.rawValue
                severity = finding.exitCode == nil ? "note" : "fault"
                exitCode = finding.exitCode?.rawValue
                (text, hint) = (finding.text, finding.hint)
            }
        }

        struct Host: Encodable {
            let host: String
            let isReady: Bool
            let ranks: [Int]
            let threads: Int?
            /// Of all ranks there, a draft model's among them.
            let neededBytes: Int
            /// Of a draft model's; `nil` where none are there.
            let draftBytes: Int?
            /// `nil` of a host that has not reported.
            let report: HostReport?
            /// Seconds that its clock is ahead, at least and at most.
            let clockOffset: [Double]?
            let findings: [Finding]

            init(_ visit: HostVisit, _ findings: [Finding]) {
                (host, ranks, threads) = (visit.name, visit.ranks, visit.threads)
                neededBytes = visit.neededBytes + visit.draftBytes
                draftBytes = visit.draftBytes > 0 ? visit.draftBytes : nil
                isReady = findings.allSatisfy { $0.severity == "note" }
                report = visit.report
                let range = visit.clockOffset
                clockOffset = visit.report.map { _ in [range.lowerBound, range.upperBound] }
                self.findings = findings
            }
        }
    }
}
