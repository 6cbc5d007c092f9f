import Foundation
import TestSupport
import Testing

/// Where a server listens.
@Suite("Addresses to listen on", .serialized, .ownThread)
struct AddressTests {
    @Test("an IPv6 address is as good as an IPv4 one, and is printed as it is given")
    func version6() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let server = try ServerProcess(["--listen", "[::1]:0", "--http", "[::1]:0"], in: directory)
            let port = try server.port(after: "[::1]:")
            _ = try server.port(after: "http://[::1]:")
            let outcome = try FlotillaProgram.run(
                ["ask", "--server", "[::1]:\(port)", "what is 3 plus 4?"],
                in: directory
            )
            #expect(outcome.output == "3 + 4 = 7.\n", "\(outcome.errors)")
            #expect(server.end().status == 0)
        }
    }

    @Test(
        "what other machines can reach wants a token, however it is written",
        arguments: ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"]
    )
    func open(_ address: String) throws {
        try Fixtures.withTemporaryDirectory { directory in
            for option in ["--listen", "--http"] {
                let outcome = try FlotillaProgram.run(
                    ["serve", "--model", "demo", option, address],
                    in: directory
                )
                #expect(outcome.status == 2)
                #expect(outcome.errors.contains("can be reached from other machines, and there is no token"))
            }
        }
    }
}
