/// Where drafts of what comes next come from.
package enum SpeculationMode: String, CaseIterable, Sendable {
    /// A token a step.
    case off
    /// From what followed the last tokens when they came before, in prompt and answer and in earlier answers.
    case lookup
    /// From a smaller model of the same tokenizer besides, on ranks of its own.
    case draft
    /// From the answer that a receipt has, which is to be computed again; nobody asks for it but `flotilla verify`.
    case claimed

    /// Those that people may ask for.
    package static let choices: [SpeculationMode] = [.off, .lookup, .draft]

    /// Drafts that a step checks at most, over all sequences.
    ///
    /// Steps of more rows take longer on every processor that was measured, and long drafts are seldom right to their end.
    /// A claim is right nearly always, so that it is read as prompts are.
    package var draftRows: Int {
        switch self {
        case .off: 0
        case .lookup, .draft: 16
        case .claimed: 127
        }
    }
}
