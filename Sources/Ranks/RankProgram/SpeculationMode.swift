/// Where drafts of what comes next come from.
package enum SpeculationMode: String, CaseIterable, Sendable {
    /// A token a step.
    case off
    /// From what followed the last tokens when they came before, in prompt and answer and in answers to the same prompt.
    case lookup
    /// From a smaller model of the same tokenizer besides, on ranks of its own.
    case draft

    /// Drafts that a step checks at most, over all sequences.
    ///
    /// Steps of more rows take longer on every processor that was measured, and long drafts are seldom right to their end.
    package var draftRows: Int { self == .off ? 0 : 16 }
}
