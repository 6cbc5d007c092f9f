import Diagnostics
import Foundation
import Testing

@testable import GroupLink

struct RankEnvironmentTests {
    private let secret = String(repeating: "0a", count: 32)

    private func variables(_ changes: [String: String?] = [:]) -> [String: String] {
        var all = [
            "FLOTILLA_LINK": "10.0.0.1:4000", "FLOTILLA_SECRET": secret, "OMPI_COMM_WORLD_RANK": "1",
            "OMPI_COMM_WORLD_SIZE": "3",
        ]
        for (name, value) in changes { all[name] = value }
        return all
    }

    @Test func aRankReadsWhereToDialAndWhoItIs() throws {
        let environment = try RankEnvironment(variables())
        #expect(environment.addresses == [LinkAddress(host: "10.0.0.1", port: 4000)])
        #expect(environment.secret.hexadecimal == secret)
        #expect(environment.rank == 1)
        #expect(environment.worldSize == 3)
    }

    @Test func slurmAloneTellsTheRankToo() throws {
        let changes = ["OMPI_COMM_WORLD_RANK": nil, "SLURM_PROCID": "2", "SLURM_NTASKS": "4"]
        let environment = try RankEnvironment(variables(changes))
        #expect(environment.rank == 2)
        #expect(environment.worldSize == 4)
    }

    @Test(
        arguments: [
            ("FLOTILLA_LINK", nil), ("FLOTILLA_LINK", "nowhere"), ("FLOTILLA_SECRET", nil), ("FLOTILLA_SECRET", "abc"),
            ("OMPI_COMM_WORLD_RANK", nil), ("OMPI_COMM_WORLD_RANK", "3"), ("OMPI_COMM_WORLD_RANK", "-1"),
        ] as [(String, String?)]
    )
    func whatIsMissingOrMalformedIsNamed(_ name: String, _ value: String?) {
        let error = #expect(throws: LinkError.self) { try RankEnvironment(variables([name: value])) }
        #expect(error?.description.contains(name) == true)
        #expect(error?.exitCode == .usage)
    }

    @Test(
        arguments: [
            ("h:1", "h", 1), ("127.0.0.1:65535", "127.0.0.1", 65535), ("[::1]:80", "::1", 80), ("::1:80", "::1", 80),
        ] as [(String, String, UInt16)]
    )
    func addressesAreParsed(_ text: String, _ host: String, _ port: UInt16) {
        #expect(LinkAddress(text) == LinkAddress(host: host, port: port))
    }

    @Test(arguments: ["", ":", "h", "h:", ":1", "h:0", "h:65536", "h:x", "[]:1"])
    func otherTextIsNoAddress(_ text: String) { #expect(LinkAddress(text) == nil) }

    @Test("Only to listen on, the port may be the kernel's choice")
    func portZero() {
        #expect(LinkAddress("[::1]:0", listening: true) == LinkAddress(host: "::1", port: 0))
        #expect(LinkAddress("[::1]:0") == nil)
    }

    @Test func secretsAreRandomAndHidden() throws {
        let (one, other) = (try LinkSecret.random(), try LinkSecret.random())
        #expect(one.hexadecimal.count == 64)
        #expect(one != other)
        #expect(!"\(one)".contains(one.hexadecimal.prefix(8)))
        #expect(LinkSecret(hexadecimal: one.hexadecimal.uppercased()) == one)
    }
}
