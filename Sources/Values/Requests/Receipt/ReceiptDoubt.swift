package import Diagnostics

/// Why a receipt is not confirmed: exit code 9.
package struct ReceiptDoubt: OperatorError, Equatable {
    /// What differs, by the name that `verify --json` has for it.
    package enum Cause: String, Sendable, CaseIterable {
        /// Another checkpoint: the files of the weights, their configuration, the tokenizer.
        case weights, config, tokenizer
        /// Other bits by choice: `--format`, `--vision-format` where there are pictures, `--kv`, `--wire-format`.
        case format, vision, kv, wire
        /// Another definition of what is computed.
        case edition
        /// A picture that was not given, or is cut otherwise here.
        case picture
        /// A part of the receipt is not what its own digest says.
        case changed
        /// Computing it again gives another token, or another end.
        case token, finish
    }

    /// The first token that differs.
    package struct Token: Codable, Sendable, Equatable {
        /// In the answer, from 0, and in prompt and answer together.
        package var index: Int
        package var position: Int
        package var claimed: Int32
        package var computed: Int32
    }

    package let cause: Cause
    /// What follows "the receipt is not confirmed: ".
    package let reason: String
    package let hint: String?
    package var token: Token?

    package init(_ cause: Cause, _ reason: String, hint: String? = nil, token: Token? = nil) {
        (self.cause, self.reason, self.hint, self.token) = (cause, reason, hint, token)
    }

    package var description: String { "the receipt is not confirmed: \(reason)" }
    package var exitCode: ExitCode { .notConfirmed }
}

extension Receipt {
    /// What stands against it before anything is computed; `nil` if nothing does.
    ///
    /// A changed answer is no doubt yet: computing it names the token.
    ///
    /// - Parameters:
    ///   - origin: of the group that is to confirm it.
    ///   - digests: of the pictures that were given.
    package func doubt(against origin: Origin, pictures digests: Set<String>) -> ReceiptDoubt? {
        doubt(against: origin.model) ?? doubt(against: origin.computation) ?? doubt(aboutPictures: digests)
            ?? changedPart.flatMap { $0 == "answer" ? nil : Self.changed($0) }
    }

    private func doubt(against own: Model) -> ReceiptDoubt? {
        let parts: [(ReceiptDoubt.Cause, String, String, String)] = [
            (.config, "another configuration", model.config, own.config),
            (.tokenizer, "another tokenizer", model.tokenizer, own.tokenizer),
            (.weights, "other weights", model.weights, own.weights),
        ]
        for (cause, name, claimed, found) in parts where claimed != found {
            return ReceiptDoubt(
                cause,
                "it is of a model with \(name), \(Self.short(claimed)), and \(own.name) has \(Self.short(found))",
                hint: "it names the model \"\(model.name.prefix(80))\"; packed and published checkpoints are two models"
            )
        }
        return nil
    }

    private func doubt(against own: Computation) -> ReceiptDoubt? {
        if computation.edition != own.edition {
            return ReceiptDoubt(
                .edition,
                "it was computed by edition \(computation.edition) of the arithmetic, and this build has \(own.edition)",
                hint: "take a build of flotilla that has that edition"
            )
        }
        func other(_ cause: ReceiptDoubt.Cause, _ option: String, _ claimed: String, _ found: String) -> ReceiptDoubt? {
            if claimed == found { return nil }
            let what = "it was computed with \(option) \(claimed.prefix(40)), and here it would be \(found)"
            return ReceiptDoubt(cause, what, hint: "leave \(option) out, or take the checkpoint that can")
        }
        if let doubt = other(.format, "--format", computation.format, own.format) { return doubt }
        if !pictures.isEmpty,
            let doubt = other(.vision, "--vision-format", computation.visionFormat, own.visionFormat)
        {
            return doubt
        }
        if let doubt = other(.kv, "--kv", computation.kv, own.kv) { return doubt }
        guard computation.wire != own.wire else { return nil }
        return ReceiptDoubt(
            .wire,
            "sums travelled between its hosts as \(computation.wire ?? "f32"), and here as \(own.wire ?? "f32")",
            hint:
                "give --wire-format as it was, and the same ranks on as many hosts: such sums have the bits of one division"
        )
    }

    private func doubt(aboutPictures given: Set<String>) -> ReceiptDoubt? {
        guard let place = pictures.firstIndex(where: { !given.contains($0.sha256) }) else { return nil }
        return ReceiptDoubt(
            .picture,
            "its picture \(place + 1) of \(pictures.count), with the digest \(Self.short(pictures[place].sha256)), is not "
                + "among the \(given.count) given",
            hint: "give the file of each with --image; sha256sum says a file's digest"
        )
    }

    /// What stands against it once it has been computed again; `nil`: it is confirmed.
    ///
    /// - Parameters:
    ///   - tokens: as they came, up to the first that differs.
    ///   - finish: why they ended; `cancelled` where all that are claimed came, and the answer would have gone on.
    ///   - name: how a token is called.
    package func doubt(
        computed tokens: [Int32],
        finish: FinishReason,
        name: (Int32) -> String = { "\($0)" }
    ) -> ReceiptDoubt? {
        let claimed = answer.tokens
        if let index = zip(claimed, tokens).enumerated().first(where: { $1.0 != $1.1 })?.offset {
            let found = (claimed[index], tokens[index])
            return ReceiptDoubt(
                .token,
                "token \(index + 1) of the answer is \(name(found.0)), and computed again it is \(name(found.1))",
                hint: (index > 0 ? "the \(index) before it agree; " : "")
                    + "what was changed may be that token, or what it was chosen by: seed, sampling, prompt",
                token: .init(index: index, position: prompt.ids.count + index, claimed: found.0, computed: found.1)
            )
        }
        if tokens.count < claimed.count {
            let what = "the answer ends with \(finish.rawValue) behind token \(tokens.count), and has \(claimed.count)"
            return ReceiptDoubt(.finish, what)
        }
        // When somebody stopped listening is nothing that can be computed.
        let isOpen = [.cancelled, .deadline].contains(answer.finish)
        if !isOpen, finish != answer.finish {
            let found = finish == .cancelled ? "goes on behind its last token" : "ends with \(finish.rawValue)"
            return ReceiptDoubt(
                .finish,
                "the answer ends with \(answer.finish.rawValue), and computed again it \(found)"
            )
        }
        return changedPart.map(Self.changed)
    }

    private static func changed(_ part: String) -> ReceiptDoubt {
        ReceiptDoubt(
            .changed,
            "its \(part) is not what digests.\(part) says",
            hint: "it was changed, or damaged, after it was written"
        )
    }

    /// As much of a digest as people compare.
    private static func short(_ digest: String) -> String { String(digest.prefix(12)) }
}
