/// Why an answer ended, by its name on the wire.
package enum FinishReason: String, Sendable, Codable, CaseIterable {
    case stop
    case length
    case stopString = "stop_string"
    case cancelled
    case deadline
}
