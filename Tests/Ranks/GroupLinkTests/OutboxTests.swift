import Foundation
import Testing

@testable import GroupLink

struct OutboxTests {
    @Test("a short message waits for room as any other does, and goes into what is empty")
    func room() {
        let box = Outbox()
        #expect(box.append(limit: 100, within: .zero) { $0.append(contentsOf: [UInt8](repeating: 1, count: 200)) })
        #expect(!box.append(limit: 100, within: .zero) { $0.append(1) })
        #expect(!box.append([Data(count: 1)], limit: 100, within: .zero))
        let other = Outbox()
        #expect(other.append([Data(count: 99)], limit: 100, within: .zero))
        #expect(other.append(limit: 100, within: .zero) { $0.append(1) })
        #expect(!other.append(limit: 100, within: .zero) { $0.append(1) })
    }
}
