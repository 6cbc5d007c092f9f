import GroupLink

/// This host's addresses on the way to others.
struct Ways: Equatable {
    /// In the order of the hosts, each once; never a loopback one, which means another machine to everybody.
    let addresses: [String]
    /// Whether there is a way to every host.
    let isComplete: Bool
    /// The network, `10.0.0.0/24`, in which this host and all others are, if there is one.
    let network: String?

    /// None.
    init() { (addresses, isComplete, network) = ([], false, nil) }

    /// - Parameters:
    ///   - way: this host's address on the way to another.
    ///   - resolve: the addresses of a name.
    /// - Throws: why there is no way to the first host, if there is none to any.
    init(
        to hosts: [String],
        interfaces: [NetworkInterface] = NetworkInterface.ofThisHost,
        way: (String) throws(LinkError) -> String = ReachableAddress.towards,
        resolve: (String) -> [String] = ReachableAddress.addresses(of:)
    ) throws(LinkError) {
        var addresses: [String] = []
        var failure: LinkError?
        for host in hosts {
            do throws(LinkError) {
                let address = try way(host)
                let isLoopback = IPAddress(address)?.isLoopback == true
                if !isLoopback, !addresses.contains(address) { addresses.append(address) }
            } catch {
                failure = failure ?? error
            }
        }
        if addresses.isEmpty, let failure { throw failure }
        let used = interfaces.filter { addresses.contains($0.address) }
        let isPlain = hosts.allSatisfy { host in
            resolve(host).contains { address in used.contains { $0.network != nil && $0.reaches(address) } }
        }
        self.addresses = addresses
        isComplete = failure == nil
        network = isPlain && used.count == 1 ? used.first?.network : nil
    }
}
