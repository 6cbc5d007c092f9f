import Foundation
import Requests
import Testing

@testable import WireProtocol

struct WireErrorTests {
    @Test("An error has the members of the protocol")
    func members() throws {
        let error = RequestError(.busy, "64 requests are in flight", retryAfterMilliseconds: 250)
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(error)) as? [String: Any]
        #expect(object?["code"] as? String == "BUSY")
        #expect(object?["blame"] as? String == "server")
        #expect(object?["retriable"] as? Bool == true)
        #expect(object?["fatal"] as? Bool == false)
        #expect(object?["retry_after_ms"] as? Int == 250)
    }
}
