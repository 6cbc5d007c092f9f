package import GroupLauncher
package import RankProgram

extension Placement {
    /// What a host has, and what a plan wants of it.
    struct Load {
        var host: String
        var ranks: [Int]
        var slots: Int?
        var cores: Int?
        var neededBytes: Int
        var availableBytes: Int?

        var text: String {
            let cores = cores.map { "\($0) \($0 == 1 ? "core" : "cores")" } ?? "cores not known"
            let memory = availableBytes.map { "\(GroupPlanTable.size($0)) to give" } ?? "memory not known"
            let numbers = ranks.map(String.init).joined(separator: ", ")
            let list = ranks.isEmpty ? "no rank" : "\(ranks.count == 1 ? "rank" : "ranks") \(numbers)"
            return "host \(host): \(list); needs \(GroupPlanTable.size(neededBytes)), has \(cores), \(memory)"
        }

        var fields: [String: Any] {
            var fields: [String: Any] = ["host": host, "ranks": ranks, "needed_bytes": neededBytes]
            fields["slots"] = slots
            fields["cores"] = cores
            fields["available_bytes"] = availableBytes
            return fields
        }
    }

    /// A plan with the threads that each rank has where it was placed.
    package func completing(_ plan: GroupPlan) -> GroupPlan {
        plan.placed(seats.map { (own: $0.threads, helpers: $0.helpers) })
    }

    /// One for each host, in the order of the file.
    func loads(_ plan: GroupPlan) -> [Load] {
        hosts.indices.map { index in
            let mine = ranks(on: index)
            let cores = places.filter { $0.host == index }.map(\.cores)
            return Load(
                host: hosts[index].name,
                ranks: mine,
                slots: hosts[index].slots,
                cores: cores.contains(nil) ? nil : cores.reduce(0) { $0 + ($1 ?? 0) },
                neededBytes: mine.reduce(0) { $0 + plan.ranks[$1].totalBytes },
                availableBytes: availableBytes[index]
            )
        }
    }

    /// The NUMA node that a rank is kept on, where the host has several.
    func node(of rank: Int) -> Int? { places[seats[rank].place].node }

    /// A rank's host, and its NUMA node where there are several.
    func label(of rank: Int) -> String {
        host(of: rank).name + (node(of: rank).map { "/\($0)" } ?? "")
    }
}
