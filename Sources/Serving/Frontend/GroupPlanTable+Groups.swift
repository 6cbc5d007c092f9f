internal import Foundation
internal import GroupLauncher
internal import GroupLink
package import RankProgram

/// Plans of several groups, each in its place.
extension GroupPlanTable {
    /// The ranks of a draft model beside a group.
    package struct Draft {
        private let plan: GroupPlan
        private let name: String
        private let group: GroupPlacement.Group?

        package init(plan: GroupPlan, name: String, launch: DraftLaunch?) {
            (self.plan, self.name) = (plan, name)
            group = launch.map { GroupPlacement.Group(spec: $0.spec, placement: try? Placement.of($0.spec)) }
        }

        fileprivate func text(host: String) -> String {
            let plan = group?.fitted(plan) ?? plan
            return GroupPlanTable.text(plan, model: "draft model \(name)", host: host, placement: group?.placement)
        }

        fileprivate func fields(host: String) -> [String: Any] {
            let plan = group?.fitted(plan) ?? plan
            return GroupPlanTable.fields(plan, model: name, host: host, placement: group?.placement, warnings: [])
        }
    }

    /// - Parameters:
    ///   - plan: of one group; all have the same.
    ///   - draft: the draft model of the first.
    package static func text(
        _ plan: GroupPlan,
        model: String,
        host: String,
        groups: [GroupPlacement.Group],
        draft: Draft? = nil
    ) -> String {
        ([text(plan, model: model, host: host, groups)] + [draft?.text(host: host)].compactMap { $0 })
            .joined(separator: "\n\n")
    }

    private static func text(
        _ plan: GroupPlan,
        model: String,
        host: String,
        _ groups: [GroupPlacement.Group]
    ) -> String {
        guard groups.count > 1 else {
            let placement = groups.first?.placement
            return text(groups.first?.fitted(plan) ?? plan, model: model, host: host, placement: placement)
        }
        let tables = groups.enumerated().map { number, group in
            let processors = group.processors.map { ", processors \($0)" } ?? ""
            let table = text(group.fitted(plan), model: model, host: host, placement: group.placement)
            return "group \(number)\(processors)\n\(table)\n"
        }
        let all = "all \(groups.count) groups: \(size(groups.count * plan.totalBytes))"
        return (tables + [all]).joined(separator: "\n")
    }

    /// With several groups an object that has one for each, of the same form as that of a single one.
    package static func json(
        _ plan: GroupPlan,
        model: String,
        host: String,
        groups: [GroupPlacement.Group],
        draft: Draft? = nil,
        warnings: [String]
    ) throws -> String {
        guard groups.count > 1 else {
            let placement = groups.first?.placement
            let placed = groups.first?.fitted(plan) ?? plan
            var object = fields(placed, model: model, host: host, placement: placement, warnings: warnings)
            object["draft"] = draft?.fields(host: host)
            return try string(object)
        }
        let parts = groups.enumerated().map { number, group in
            var part = fields(group.fitted(plan), model: model, host: host, placement: group.placement, warnings: [])
            part["group"] = number
            part["processors"] = group.processors
            return part
        }
        let bytes = groups.count * plan.totalBytes
        var object: [String: Any] = ["model": model, "total_bytes": bytes, "warnings": warnings, "groups": parts]
        object["draft"] = draft?.fields(host: host)
        return try string(object)
    }

    private static func string(_ object: [String: Any]) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }
}

extension GroupPlacement.Group {
    /// The processors of this host that the group keeps to, where it shares the host and nothing else says so.
    fileprivate var processors: String? { spec.exportedEnvironment[RankPlaces.processorsName] }

    /// The plan with the threads that ranks have where they were placed, or on a part of this host's processors.
    fileprivate func fitted(_ plan: GroupPlan) -> GroupPlan {
        if let placement { return placement.completing(plan) }
        guard plan.options.threads == nil, let own = spec.facts["localhost"]?.processors.count else { return plan }
        return plan.placed(
            plan.ranks.map { rank in
                let sharers = rank.role == "decoder" ? plan.options.decoderRanks : plan.options.worldSize
                return (own: max(1, own / sharers), helpers: rank.helpers)
            }
        )
    }
}
