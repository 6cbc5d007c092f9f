import Diagnostics
import Testing

@testable import Coordinator

struct CoordinatorErrorTests {
    @Test("A taken address has its exit code")
    func addressInUse() {
        #expect(AddressInUseError(address: "127.0.0.1:7070").exitCode.rawValue == 8)
    }
}
