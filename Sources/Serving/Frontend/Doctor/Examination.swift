package import Checkpoints
internal import Diagnostics
internal import Foundation
package import GroupLauncher
internal import GroupLink
package import RankProgram

/// Asks all hosts of a group before a launch, and lets them measure their network.
package struct Examination {
    package let diagnosis: Diagnosis
    /// `nil` of one host, and where a fault keeps MPI from starting.
    package let network: NetworkReport?

    /// A host may have to read a checkpoint's headers from a disk far away.
    private static let patience = Duration.seconds(30)

    /// - Parameters:
    ///   - spec: of the group; what it runs as ranks does not matter.
    ///   - draft: what the ranks of a draft model beside it would hold.
    /// - Throws: as `GroupSpec.namedHosts`, or `UsageError` if the options do not fit the checkpoint.
    package init(
        _ spec: GroupSpec,
        _ checkpoint: Checkpoint,
        _ options: RankOptions,
        draft: GroupPlan? = nil,
        version: String
    ) throws {
        var spec = spec
        let hosts = try spec.namedHosts() ?? Hostfile(hosts: [.init(name: Machine.hostName)])
        let roll = HostRoll(hosts)
        let head = HostReport.ofThisHost(model: checkpoint.directory, peers: roll.addresses, version: version)
        let answers = HostSurvey(spec, patience: Self.patience).ask(
            Hostfile(hosts: roll.others),
            Self.command(spec.executable, checkpoint.directory.path, peers: roll.addresses)
        )
        var visits = hosts.hosts.map { host in
            if let answer = answers[host.name] { return HostVisit(host.name, answer, program: spec.executable) }
            var visit = HostVisit(host.name, .report(head))
            visit.isHere = true
            return visit
        }
        var refusals: [Finding] = []
        let plan = try GroupPlan(checkpoint, options)
        let placement = try Self.place(&spec, checkpoint, options, &refusals)
        Self.fill(&visits, plan, placement)
        if let draft { Self.add(draft, beside: spec, placement, to: &visits) }
        let first = Diagnosis(visits, head: head, refusals: refusals)
        var measured: NetworkReport?
        let isHindered = first.findings.contains {
            $0.exitCode != nil && [.login, .program, .openMPI, .build, .interfaces].contains($0.check)
        }
        if hosts.hosts.count > 1, !isHindered {
            do {
                measured = try NetworkTrial.run(spec, roll, hiddenSize: checkpoint.config.decoder.hidden)
            } catch let error as any OperatorError {
                refusals.append(Finding(.network, exitCode: .launchFailed, error.description, hint: error.hint))
            }
        }
        network = measured
        refusals += LaunchWarnings.ofWire(options).map { Finding(.network, $0) }
        diagnosis = Diagnosis(visits, head: head, refusals: refusals, network: measured)
    }

    /// What each host is asked, for a shell.
    static func command(_ program: String, _ model: String, peers: [String]) -> String {
        var words = [program, "doctor-host", "--model", model]
        if !peers.isEmpty { words += ["--peers", peers.joined(separator: ",")] }
        return words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
    }

    private static func place(
        _ spec: inout GroupSpec,
        _ checkpoint: Checkpoint,
        _ options: RankOptions,
        _ refusals: inout [Finding]
    ) throws -> Placement? {
        do {
            return try GroupPlacement.prepare(&spec, checkpoint, options)
        } catch let error as HostMemoryError {
            refusals.append(Finding(.memory, exitCode: error.exitCode, error.description, hint: error.hint))
            spec.bytesOfRanks = nil
            return try? Placement.of(spec)
        } catch let error as LaunchError {
            refusals.append(Finding(.slots, exitCode: error.exitCode, error.description, hint: error.hint))
            return nil
        }
    }

    /// Says what of a draft model's ranks each host is to hold: they are where the vision ranks are.
    private static func add(
        _ draft: GroupPlan,
        beside spec: GroupSpec,
        _ placement: Placement?,
        to visits: inout [HostVisit]
    ) {
        guard let placement, visits.count > 1 else {
            // Without a placement on several hosts nobody knows; on one, all are there.
            if visits.count == 1 { visits[0].draftBytes = draft.totalBytes }
            return
        }
        var launch = DraftLaunch(options: draft.options, beside: spec, modelName: "")
        launch.join(visionRanksOf: placement, decoderRanks: spec.decoderRanks)
        guard let seats = try? Placement.of(launch.spec) else { return }
        for rank in draft.ranks {
            let name = seats.host(of: rank.rank).name
            guard let index = visits.firstIndex(where: { $0.name == name }) else { continue }
            visits[index].draftBytes += rank.totalBytes
        }
    }

    /// Says which ranks each host is to run, and what they need.
    private static func fill(_ visits: inout [HostVisit], _ plan: GroupPlan, _ placement: Placement?) {
        // Without a placement on several hosts nobody knows; on one, all are there.
        guard placement != nil || visits.count == 1 else { return }
        let options = plan.options
        for index in visits.indices {
            let ranks = visits.count == 1 ? Array(plan.ranks.indices) : placement?.ranks(on: index) ?? []
            let mine = ranks.map { plan.ranks[$0] }
            let decoders = mine.filter { $0.rank < options.decoderRanks }
            visits[index].ranks = ranks
            // Shares that are measured follow the room of each host.
            visits[index].neededBytes = mine.reduce(0) { sum, rank in
                sum + (options.measuresShares && rank.rank < options.decoderRanks ? rank.workBytes : rank.totalBytes)
            }
            let threads = decoders.map { placement?.seats[$0.rank].threads ?? (placement == nil ? $0.threads : nil) }
            visits[index].threads = threads.contains(nil) ? nil : threads.reduce(0) { $0 + ($1 ?? 0) }
            if options.placement == .lock { visits[index].lockedBytes = decoders.map(\.weightBytes).max() ?? 0 }
        }
    }
}

/// The hosts of a group as this one and the others reach them.
struct HostRoll {
    /// All but this one.
    let others: [Hostfile.Host]
    /// An address for each host of the hostfile that has one, in its order.
    let addresses: [String]
    /// By name.
    let addressOf: [String: String]
    /// This host's.
    let front: String

    init(_ hosts: Hostfile) {
        let isHere = hosts.hosts.map { $0.isThisHost || ReachableAddress.isHere($0.name) }
        others = zip(hosts.hosts, isHere).filter { !$0.1 }.map(\.0)
        // To itself this host may be 127.0.1.1; the others know it by where it comes from.
        front = others.lazy.compactMap { try? ReachableAddress.towards($0.name) }.first ?? ""
        var addressOf: [String: String] = [:]
        for (host, isHere) in zip(hosts.hosts, isHere) {
            let address = isHere ? front : ReachableAddress.addresses(of: host.name).first ?? ""
            if !address.isEmpty { addressOf[host.name] = address }
        }
        self.addressOf = addressOf
        addresses = hosts.hosts.compactMap { addressOf[$0.name] }
    }
}
