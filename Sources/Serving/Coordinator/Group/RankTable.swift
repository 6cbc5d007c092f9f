internal import GroupLink
internal import Requests

/// What is known of the ranks of the group under way.
struct RankTable {
    struct Rank {
        var hello: RankHello
        var stats: RankStats?
        var activity = RankActivity()
        var loading: (done: Int, total: Int) = (0, 0)
    }

    private(set) var ranks: [Int: Rank] = [:]

    var inOrder: [Rank] { ranks.values.sorted { $0.hello.rank < $1.hello.rank } }
    var readyCount: Int { ranks.values.reduce(0) { $0 + ($1.stats == nil ? 0 : 1) } }

    /// Parts of the model that all ranks together have loaded.
    var loading: (done: Int, total: Int) {
        ranks.values.reduce((0, 0)) { ($0.0 + $1.loading.done, $0.1 + $1.loading.total) }
    }

    mutating func join(_ hello: RankHello) { ranks[hello.rank] = Rank(hello: hello) }
    mutating func note(_ stats: RankStats, of rank: Int) { ranks[rank]?.stats = stats }
    mutating func note(_ activity: RankActivity, of rank: Int) { ranks[rank]?.activity = activity }
    mutating func noteLoading(_ done: Int, _ total: Int, of rank: Int) { ranks[rank]?.loading = (done, total) }
    mutating func clear() { ranks = [:] }
}
