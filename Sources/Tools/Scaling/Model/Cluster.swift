package import Checkpoints
package import Communication
package import Diagnostics
package import Foundation

/// Machines that one does not have, as a file describes them.
package struct Cluster: Sendable, Equatable {
    package struct Network: Sendable, Equatable {
        package var gigabitsPerSecond: Double
        package var latencyMicroseconds: Double

        package var model: NetworkModel {
            NetworkModel(gigabitsPerSecond: gigabitsPerSecond, latencyMicroseconds: latencyMicroseconds)
        }
    }

    /// How many are tried, rising.
    package var machines: [Int]
    /// Of one machine.
    package var cores: Int
    package var memoryGigabytesPerSecond: Double
    package var memoryGigabytes: Double?
    /// Of multiply-adds, two operations each; without it prompts are not foretold.
    package var gigaflopsPerCore: Double?
    package var networks: [Network]
    package var format: WeightFormat
    /// What of the machine's ceilings the program reaches.
    package var decodeShare: Double
    package var prefillShare: Double

    package static let defaultDecodeShare = 0.9
    package static let defaultPrefillShare = 0.75

    package static let example = """
        {"machines": [1, 2, 4, 8, 16], "cores": 32, "memory_gb_per_s": 200, "memory_gb": 128, "gflops_per_core": 60, \
        "format": "bf16", "networks": [{"gbit_per_s": 10, "latency_us": 30}]}
        """

    /// - Throws: `UsageError` that names the member.
    package init(_ data: Data, name: String) throws(UsageError) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: data)
        } catch {
            throw UsageError("\(name) \(Self.fault(error))", hint: "such as \(Self.example)")
        }
        func positive(_ value: Double, _ member: String, upTo limit: Double = 1e9) throws(UsageError) -> Double {
            guard value > 0, value <= limit else {
                throw UsageError("\(name) has \(member) \(value), expected more than 0, up to \(limit)")
            }
            return value
        }
        func part(_ value: Double?, _ member: String, _ usual: Double) throws(UsageError) -> Double {
            try positive(value ?? usual, member, upTo: 1)
        }
        guard !file.machines.isEmpty, file.machines.allSatisfy({ (1...4096).contains($0) }) else {
            throw UsageError("\(name) has machines \(file.machines), expected numbers from 1 to 4096")
        }
        machines = Set(file.machines).sorted()
        guard (1...65536).contains(file.cores) else {
            throw UsageError("\(name) has cores \(file.cores), expected 1 to 65536")
        }
        cores = file.cores
        memoryGigabytesPerSecond = try positive(file.memoryRate, "memory_gb_per_s")
        if let gigabytes = file.memory { memoryGigabytes = try positive(gigabytes, "memory_gb") }
        if let rate = file.coreRate { gigaflopsPerCore = try positive(rate, "gflops_per_core") }
        guard !file.networks.isEmpty else { throw UsageError("\(name) has no networks, expected one at least") }
        networks = []
        for network in file.networks {
            networks.append(
                Network(
                    gigabitsPerSecond: try positive(network.rate, "gbit_per_s"),
                    latencyMicroseconds: try positive(network.latency, "latency_us")
                )
            )
        }
        guard let format = WeightFormat(rawValue: file.format ?? "native") else {
            let names = WeightFormat.list(WeightFormat.allCases)
            throw UsageError("\(name) has format \(file.format ?? ""), expected \(names)")
        }
        self.format = format
        decodeShare = try part(file.decodeShare, "decode_share", Self.defaultDecodeShare)
        prefillShare = try part(file.prefillShare, "prefill_share", Self.defaultPrefillShare)
    }

    /// As it is written.
    private struct File: Decodable {
        struct Network: Decodable {
            let rate, latency: Double
            enum CodingKeys: String, CodingKey {
                case rate = "gbit_per_s", latency = "latency_us"
            }
        }
        let machines: [Int]
        let cores: Int
        let memoryRate: Double
        let memory, coreRate: Double?
        let networks: [Network]
        let format: String?
        let decodeShare, prefillShare: Double?

        enum CodingKeys: String, CodingKey {
            case machines, cores, networks, format
            case memoryRate = "memory_gb_per_s", memory = "memory_gb", coreRate = "gflops_per_core"
            case decodeShare = "decode_share", prefillShare = "prefill_share"
        }
    }

    private static func fault(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "cannot be read" }
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, _): "has no member \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "has an odd value in \(path(context))"
        default: "is not a JSON object"
        }
    }
}
