import Testing

@testable import GroupLink

/// Which networks a rank speaks MPI over.
struct InterfaceChoiceTests {
    private static let lo = NetworkInterface(name: "lo", address: "127.0.0.1", prefix: 8, isLoopback: true)
    private static let docker = NetworkInterface(name: "docker0", address: "172.17.0.1", prefix: 16)

    /// A host with a network for each of the addresses, and Docker's.
    private func host(_ networks: [(name: String, address: String)]) -> [NetworkInterface] {
        [Self.lo, Self.docker] + networks.map { NetworkInterface(name: $0.name, address: $0.address, prefix: 24) }
    }

    private func choice(
        _ peers: [String?],
        front: String,
        own: String,
        _ interfaces: [NetworkInterface],
        default gateway: String? = nil
    ) -> String? {
        InterfaceChoice(peers: peers, front: front, own: own, interfaces: interfaces) { host in
            interfaces.first { $0.reaches(host) }?.address ?? gateway
        }.name
    }

    @Test("The way to the others, and not the bridge that everybody has")
    func docker() {
        let interfaces = host([("eth0", "10.0.0.2")])
        #expect(choice([nil, "10.0.0.2", "10.0.0.3"], front: "10.0.0.1", own: "10.0.0.2", interfaces) == "eth0")
    }

    @Test("The head takes the network of the most hosts, in whatever way its own ranks dialled")
    func head() {
        let interfaces = host([("eth0", "10.1.0.1"), ("eth1", "10.2.0.1"), ("wlan0", "192.168.0.9")])
        for front in ["127.0.0.1", "127.0.1.1", "10.1.0.1", "::1"] {
            let peers = [nil, nil, "10.1.0.2", "10.2.0.2", "10.1.0.3"]
            #expect(choice(peers, front: front, own: front, interfaces) == "eth0")
            #expect(choice(peers + ["10.2.0.3", "10.2.0.4"], front: front, own: front, interfaces) == "eth1")
            for (hosts, isSplit) in [(peers, true), ([nil, "10.1.0.2"], false), ([nil], false)] {
                let choice = InterfaceChoice(peers: hosts, front: front, own: front, interfaces: interfaces) { host in
                    interfaces.first { $0.reaches(host) }?.address
                }
                #expect(choice.isSplit == isSplit)
            }
        }
    }

    @Test("A host behind one network of the head reaches those behind another by its router")
    func routed() {
        let interfaces = host([("ens3", "10.1.0.2")])
        let names = choice(
            [nil, "10.1.0.2", "10.2.0.2"],
            front: "10.1.0.1",
            own: "10.1.0.2",
            interfaces,
            default: "10.1.0.2"
        )
        #expect(names == "ens3")
        #expect(choice([nil, "10.2.0.2"], front: "10.1.0.1", own: "10.1.0.2", interfaces) == "ens3")
    }

    @Test("Where all ranks are on this host, nothing is chosen")
    func oneHost() {
        let interfaces = host([("eth0", "10.0.0.1")])
        #expect(choice([nil, nil, "10.0.0.1"], front: "127.0.0.1", own: "127.0.0.1", interfaces) == nil)
        #expect(choice([nil, nil], front: "10.0.0.1", own: "10.0.0.1", interfaces) == nil)
        #expect(choice(["", nil], front: "10.0.0.1", own: "10.0.0.1", interfaces) == nil)
    }

    @Test("Without a way to anybody, the network of the link is the best guess")
    func guess() {
        let interfaces = host([("eth0", "10.0.0.2")])
        #expect(choice(["10.9.0.1"], front: "10.8.0.1", own: "10.0.0.2", interfaces) == "eth0")
        #expect(choice(["10.9.0.1"], front: "127.0.0.1", own: "127.0.0.1", interfaces) == nil)
    }

    @Test func iPv6() {
        let interfaces = [
            Self.lo, NetworkInterface(name: "::1", address: "::1", prefix: 128, isLoopback: true),
            NetworkInterface(name: "eth0", address: "fe80::2%eth0", prefix: 64),
            NetworkInterface(name: "eth0", address: "fd00::2", prefix: 64),
            NetworkInterface(name: "eth1", address: "fd01::2", prefix: 64),
        ]
        #expect(choice([nil, "fd00:0::3"], front: "fd00::1", own: "fd00::2", interfaces) == "eth0")
        #expect(choice([nil, "fd01::3"], front: "::1", own: "::1", interfaces) == "eth1")
    }

    @Test("What the user has set stays, wherever it is set", arguments: ["btl_tcp_if_include", "btl_tcp_if_exclude"])
    func settings(_ name: String) {
        #expect(InterfaceChoice.isMade(["OMPI_MCA_\(name)": "eth7"], files: []))
        for file in ["\(name)=eth7", "# a comment\n  \(name) = 10.0.0.0/8\n", "a = b\n\(name)\t= x"] {
            #expect(InterfaceChoice.isMade([:], files: ["", file]))
        }
        for file in ["# \(name) = eth7", "mtl = ^ofi\nbtl = ^openib", "\(name)_other = 1", ""] {
            #expect(!InterfaceChoice.isMade(["OMPI_MCA_btl": "self,tcp"], files: [file]))
        }
    }

    @Test func anInterfaceKnowsItsNetwork() {
        #expect(NetworkInterface(name: "e", address: "10.3.200.77", prefix: 19).network == "10.3.192.0/19")
        #expect(NetworkInterface(name: "e", address: "10.3.200.77", prefix: 24).network == "10.3.200.0/24")
        #expect(NetworkInterface(name: "e", address: "10.3.200.77", prefix: 1).network == "0.0.0.0/1")
        // Open MPI takes a network of one address for all addresses.
        #expect(NetworkInterface(name: "e", address: "10.3.200.77", prefix: 32).network == nil)
        #expect(NetworkInterface(name: "e", address: "fd00::1", prefix: 64).network == nil)
        #expect(NetworkInterface(name: "e", address: "10.0.0.1", prefix: 30).reaches("10.0.0.2"))
        #expect(!NetworkInterface(name: "e", address: "10.0.0.1", prefix: 30).reaches("10.0.0.4"))
        #expect(!NetworkInterface(name: "e", address: "10.0.0.1", prefix: 30).reaches("fd00::1"))
        #expect(!NetworkInterface(name: "e", address: "10.0.0.1", prefix: 30).reaches("n2"))
        #expect(NetworkInterface.ofThisHost.contains { $0.isLoopback && $0.name == "lo" && $0.prefix == 8 })
    }

    @Test("Near addresses are dialled first: a far host may have that of a near one")
    func order() {
        let addresses = ["10.2.0.1", "n1", "10.1.0.1"].map { LinkAddress(host: $0, port: 7) }
        let interfaces = host([("eth0", "10.1.0.2")])
        #expect(ReachableAddress.nearestFirst(addresses, interfaces).map(\.host) == ["10.1.0.1", "10.2.0.1", "n1"])
    }

    @Test func thisHostIsKnownByItsAddresses() {
        let interfaces = host([("eth0", "10.1.0.2")])
        for name in ["127.0.0.1", "127.0.1.1", "::1", "10.1.0.2", "localhost"] {
            #expect(ReachableAddress.isHere(name, interfaces))
        }
        for name in ["10.1.0.3", "", "no-such-host.invalid"] { #expect(!ReachableAddress.isHere(name, interfaces)) }
        #expect(ReachableAddress.isLoopback("127.0.1.1") && !ReachableAddress.isLoopback("10.1.0.2"))
    }
}
