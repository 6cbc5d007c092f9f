import Foundation
import GroupLink
import Testing

@testable import GroupLauncher

/// Where ranks dial, and to which networks Open MPI's daemons keep.
struct WaysTests {
    private let interfaces = [
        NetworkInterface(name: "lo", address: "127.0.0.1", prefix: 8, isLoopback: true),
        NetworkInterface(name: "docker0", address: "172.17.0.1", prefix: 16),
        NetworkInterface(name: "eth0", address: "10.1.0.1", prefix: 24),
        NetworkInterface(name: "eth1", address: "10.2.0.1", prefix: 24),
        NetworkInterface(name: "eth2", address: "fd00::1", prefix: 64),
    ]

    private func ways(_ hosts: [String], default gateway: String? = nil) throws(LinkError) -> Ways {
        try Ways(to: hosts, interfaces: interfaces) { host throws(LinkError) in
            guard let address = interfaces.first(where: { $0.reaches(host) })?.address ?? gateway else {
                throw .cannotReach(host, ENETUNREACH)
            }
            return address
        } resolve: {
            [$0]
        }
    }

    @Test func hostsBehindOneNetworkNeedOneAddress() throws {
        let ways = try ways(["10.1.0.2", "10.1.0.3"])
        #expect(ways.addresses == ["10.1.0.1"] && ways.network == "10.1.0.0/24" && ways.isComplete)
    }

    @Test func hostsBehindSeveralNetworksNeedAllOfThem() throws {
        let ways = try ways(["10.2.0.2", "10.1.0.3", "10.2.0.3"])
        #expect(ways.addresses == ["10.2.0.1", "10.1.0.1"])
        #expect(ways.network == nil)
    }

    @Test("Behind a router, or with IPv6, the daemons choose for themselves")
    func notPlain() throws {
        let routed = try ways(["10.9.0.2", "10.1.0.2"], default: "10.1.0.1")
        #expect(routed.addresses == ["10.1.0.1"] && routed.network == nil)
        let six = try ways(["fd00::2"])
        #expect(six.addresses == ["fd00::1"] && six.network == nil)
    }

    @Test("A loopback address is never advertised, and one host without a way does not hide the others")
    func odd() throws {
        #expect(try ways(["127.0.1.1"]).addresses.isEmpty)
        let partial = try ways(["10.9.0.2", "10.1.0.2"])
        #expect(partial.addresses == ["10.1.0.1"] && !partial.isComplete)
        #expect(throws: LinkError.cannotReach("10.9.0.2", ENETUNREACH)) { try ways(["10.9.0.2"]) }
        #expect(try ways([]).addresses.isEmpty)
    }
}
