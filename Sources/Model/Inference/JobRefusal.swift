package import Requests

/// Why a job can never run.
package struct JobRefusal: Error, Equatable {
    /// Whether it is too long for this group, or wrong in itself.
    package let kind: RankFailure.Kind
    /// One sentence without a full stop.
    package let message: String

    static func tooLong(_ message: String) -> JobRefusal { JobRefusal(kind: .tooLong, message: message) }
    static func badRequest(_ message: String) -> JobRefusal { JobRefusal(kind: .badRequest, message: message) }
}
