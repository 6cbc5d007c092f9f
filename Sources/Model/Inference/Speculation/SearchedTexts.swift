/// The texts in which a sequence's next tokens are looked up.
struct SearchedTexts {
    let own: FollowerTable
    let asker: AnswerMemory.Followers?
    let prompt: AnswerMemory.Followers?

    /// The guess whose kind is right most often; of those that are alike the one from most tokens.
    func guess(
        after contexts: TextEnd.Contexts,
        _ acceptance: DraftAcceptance
    ) -> (token: Int32, kind: DraftKind)? {
        var best: (token: Int32, kind: DraftKind)?
        func consider(_ follower: FollowerTable.Follower?, _ text: DraftKind.Text, _ length: Int) {
            guard let follower else { return }
            let kind = DraftKind(text, length: length, follower)
            if let best, !acceptance.prefers(kind, to: best.kind) { return }
            best = (follower.token, kind)
        }
        for length in (0..<contexts.count).reversed() {
            let name = contexts[length]
            consider(own[name], .own, length)
            consider(prompt?[name], .prompt, length)
            consider(asker?[name], .asker, length)
        }
        return best
    }
}
