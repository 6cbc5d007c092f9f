package import Requests

/// What is known of the ranks of the group under way.
package struct RankTable: Sendable {
    package struct Rank: Sendable {
        package var hello: RankHello
        package var stats: RankStats?
        package var activity = RankActivity()
        package var loading: (done: Int, total: Int) = (0, 0)
    }

    private(set) var ranks: [Int: Rank] = [:]

    package var inOrder: [Rank] { ranks.values.sorted { $0.hello.rank < $1.hello.rank } }
    package var readyCount: Int { ranks.values.reduce(0) { $0 + ($1.stats == nil ? 0 : 1) } }

    /// Parts of the model that all ranks together have loaded.
    package var loading: (done: Int, total: Int) {
        ranks.values.reduce((0, 0)) { ($0.0 + $1.loading.done, $0.1 + $1.loading.total) }
    }

    mutating func join(_ hello: RankHello) { ranks[hello.rank] = Rank(hello: hello) }
    mutating func note(_ stats: RankStats, of rank: Int) { ranks[rank]?.stats = stats }
    mutating func note(_ activity: RankActivity, of rank: Int) { ranks[rank]?.activity = activity }
    mutating func noteLoading(_ done: Int, _ total: Int, of rank: Int) { ranks[rank]?.loading = (done, total) }
    mutating func clear() { ranks = [:] }
}
