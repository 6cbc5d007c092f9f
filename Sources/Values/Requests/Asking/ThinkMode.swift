/// Whether the model is asked to reason before it answers.
package enum ThinkMode: String, Codable, Sendable, CaseIterable {
    /// The text is sent as it is.
    case auto
    /// The published instruction is appended to the last user text.
    case on
    /// The answer is opened with an empty think block, so that no reasoning follows (Qwen3's convention).
    case off

    /// What `on` appends, word for word as published.
    package static let instruction =
        "You FIRST think about the reasoning process as an internal monologue and then provide the final answer. "
        + "The reasoning process MUST BE enclosed within <think> </think> tags. "
        + "The final answer MUST BE put in \\boxed{}."
}
