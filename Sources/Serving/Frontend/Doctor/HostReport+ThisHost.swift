internal import Checkpoints
internal import Diagnostics
package import Foundation
internal import GroupLauncher
internal import GroupLink
internal import RankProgram

extension HostReport {
    /// What this host has.
    ///
    /// - Parameters:
    ///   - model: the checkpoint's directory.
    ///   - peers: the addresses of all hosts, this one's among them.
    package static func ofThisHost(model: URL, peers: [String], version: String) -> HostReport {
        var report = HostReport()
        report.clockBegan = Date().timeIntervalSince1970
        report.hostName = Machine.hostName
        report.build = Machine.build
        report.version = version
        let environment = ProcessInfo.processInfo.environment
        report.hasMpiDaemon = ProgramSearch.find("orted", in: environment) != nil
        report.mpiVersion = mpiVersion(environment)
        report.look(at: model)
        if let facts = HostFacts.ofThisHost() {
            (report.processors, report.cores) = (facts.processors.count, facts.cores)
            report.memoryNodes = facts.nodes.count
        }
        report.availableBytes = AvailableMemory.bytes
        report.openFiles = limit(RLIMIT_NOFILE)
        report.lockableBytes = limit(__RLIMIT_MEMLOCK)
        report.sharedMemoryBytes = MessageMemory.freeBytes
        report.look(at: peers)
        report.clockEnded = Date().timeIntervalSince1970
        return report
    }

    private mutating func look(at model: URL) {
        do {
            checkpoint = String(try Checkpoint(directory: model).fingerprint, radix: 16)
        } catch {
            checkpointProblem = error.description
        }
    }

    private mutating func look(at peers: [String]) {
        interfaces = NetworkInterface.ofThisHost.filter { !$0.isLoopback }.map {
            Interface(name: $0.name, address: $0.address)
        }
        let choice = InterfaceChoice(peers: peers, front: "", own: "")
        (interface, isSplit) = (choice.name, choice.isSplit)
        unreachable = peers.filter { (try? ReachableAddress.towards($0)) == nil }
    }

    /// The version of `mpirun` in the path that this session has: `mpirun (Open MPI) 4.1.4`.
    ///
    /// The daemon, which comes with it, does not say its own.
    private static func mpiVersion(_ environment: [String: String]) -> String? {
        guard let program = ProgramSearch.find("mpirun", in: environment) else { return nil }
        let text = ProgramSearch.output(of: program, ["--version"], environment)
        return text?.split(separator: "\n").first?.split(separator: " ").last.map(String.init)
    }

    /// `nil` is no limit.
    private static func limit(_ resource: __rlimit_resource) -> Int? {
        var limits = rlimit()
        let number = __rlimit_resource_t(resource.rawValue)
        guard getrlimit(number, &limits) == 0, limits.rlim_cur != rlim_t.max else { return nil }
        return Int(clamping: limits.rlim_cur)
    }
}
