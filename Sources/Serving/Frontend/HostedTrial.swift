internal import Foundation
package import GroupLauncher

/// Ranks that measure something, placed on hosts as decoder ranks are, with nobody in front of them.
package struct HostedTrial {
    private let spec: GroupSpec
    private let roll: HostRoll?
    /// The host of each rank; empty where all run on this one.
    package let hosts: [String]

    /// Asks the hosts what they have, where that is not known yet.
    ///
    /// - Parameter spec: with as many decoder ranks as are to be started; what they run does not matter.
    /// - Throws: as ``Placement``.
    package init(_ spec: GroupSpec) throws { try self.init(spec, nil) }

    init(_ spec: GroupSpec, _ roll: HostRoll?) throws {
        var spec = spec
        (spec.visionRanks, spec.bytesOfRanks) = (0, nil)
        guard let named = try spec.namedHosts() else {
            (self.spec, self.roll, hosts) = (spec, nil, [])
            return
        }
        spec.hosts = named
        if spec.facts.isEmpty, !Placement.isOperators(spec) { spec.facts = HostSurvey(spec).facts(of: named) }
        let placement = try Placement.of(spec)
        hosts = (0..<spec.decoderRanks).map { placement?.host(of: $0).name ?? named.hosts[$0 % named.hosts.count].name }
        (self.spec, self.roll) = (spec, roll ?? HostRoll(named))
    }

    /// Runs the ranks to their end, blocking, and reads what the first of them says.
    ///
    /// - Parameters:
    ///   - words: the command of each rank; with a hostfile, `--hosts`, `--peers` and `--front` are added.
    ///   - mark: what stands before the report, in JSON, on the last line that has it.
    ///   - complaint: what is said where there is none.
    /// - Throws: `LaunchError` if that did not work.
    package func run<Report: Decodable>(
        _ words: [String],
        mark: String,
        within limit: Duration,
        otherwise complaint: String
    ) throws -> Report {
        guard let line = try run(words, within: limit).last(where: { $0.hasPrefix(mark) }),
            let report = try? JSONDecoder().decode(Report.self, from: Data(line.dropFirst(mark.count).utf8))
        else { throw LaunchError(complaint) }
        return report
    }

    /// - Returns: the lines that the ranks printed.
    private func run(_ words: [String], within limit: Duration) throws -> [String] {
        var spec = spec
        spec.rankArguments = words
        if let roll {
            spec.rankArguments += [
                "--hosts", hosts.joined(separator: ","),
                "--peers", hosts.map { roll.addressOf[$0] ?? "" }.joined(separator: ","), "--front", roll.front,
            ]
        }
        return try TrialRun.run(spec, within: limit)
    }
}
