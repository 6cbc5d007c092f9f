import Checkpoints
import Diagnostics
import Foundation
import Scaling
import TestSupport
import Testing

/// Descriptions of machines, and what is foretold of them.
@Suite("Clusters")
struct ClusterTests {
    /// The example with members replaced by others, which are JSON.
    private static func cluster(_ changes: [String: String] = [:], without: String? = nil) throws -> Cluster {
        let text = try #require(Cluster.example.data(using: .utf8))
        var object = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        for (name, value) in changes {
            object[name] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        }
        if let without { object[without] = nil }
        return try Cluster(try JSONSerialization.data(withJSONObject: object), name: "c.json")
    }

    @Test("the example is one")
    func example() throws {
        let cluster = try Self.cluster()
        #expect(cluster.machines == [1, 2, 4, 8, 16] && cluster.cores == 32 && cluster.format == .bf16)
        #expect(cluster.networks.map(\.gigabitsPerSecond) == [10])
    }

    @Test(
        "wrong members are named",
        arguments: [
            ("cores", "0", "cores"), ("memory_gb_per_s", "-1", "memory_gb_per_s"), ("machines", "[]", "machines"),
            ("machines", "[0]", "machines"), ("format", "\"q9\"", "format"), ("networks", "[]", "networks"),
            ("networks", "[{\"gbit_per_s\": 0, \"latency_us\": 1}]", "gbit_per_s"),
            ("networks", "[{\"gbit_per_s\": 1}]", "latency_us"), ("decode_share", "2", "decode_share"),
            ("cores", "\"many\"", "cores"), ("gflops_per_core", "0", "gflops_per_core"),
        ]
    )
    func refused(member: String, value: String, named: String) throws {
        let error = #expect(throws: UsageError.self) { try Self.cluster([member: value]) }
        #expect(error?.description.contains(named) == true, "\(error?.description ?? "")")
    }

    @Test(
        "missing members are named; what is no object is",
        arguments: ["machines", "cores", "memory_gb_per_s", "networks"]
    )
    func missing(member: String) throws {
        let error = #expect(throws: UsageError.self) { try Self.cluster(without: member) }
        #expect(error?.description == "c.json has no member \(member)")
        #expect(throws: UsageError.self) { try Cluster(Data("[1".utf8), name: "c.json") }
    }

    private func forecast(gigabits: Double, microseconds: Double) throws -> ClusterForecast {
        let networks = "[{\"gbit_per_s\": \(gigabits), \"latency_us\": \(microseconds)}]"
        let cluster = try Self.cluster(["networks": networks])
        return try ClusterForecast(PublishedShape.twoBillion.decoder, cluster)
    }

    @Test("over a network that costs nothing every machine pays; over a terrible one, one machine is fastest")
    func extremes() throws {
        let free = try forecast(gigabits: 1e6, microseconds: 1e-3)
        let most = try #require(free.networks.first)
        // Sixteen ranks hold each of the eight KV heads twice.
        #expect(most.paying == 16 && most.fastest == 16 && most.speedup(16).efficiency > 0.9)
        #expect(most.speedup(8).efficiency > 0.99)
        let terrible = try forecast(gigabits: 0.001, microseconds: 1e5)
        for outlook in terrible.networks { #expect(outlook.paying == 1 && outlook.fastest == 1) }
        let text = try ForecastReport(terrible, model: "m", command: "c").markdown(picture: nil)
        #expect(text.contains("1 is the fastest, and more are slower"))
        #expect(text.contains("are sums on their way"))
    }

    @Test("one machine decodes at the bandwidth's share")
    func alone() throws {
        let one = try #require(try forecast(gigabits: 10, microseconds: 30).networks.first)
        let bytes = 2 * (28.0 * 2048 * 24_576 + 2048 * 151_936)
        #expect(abs(one.rate(1) * bytes / (0.9 * 200e9) - 1) < 1e-4)
    }

    @Test("weights on a machine are what plan says without norms")
    func weights() throws {
        let forecast = try forecast(gigabits: 10, microseconds: 30)
        #expect(abs(try forecast.weightGigabytes(1) - 3.4409) < 1e-3)
        #expect(abs(try forecast.weightGigabytes(4) * 4 - 3.4409) < 1e-2)
    }

    @Test("more machines than query heads are refused")
    func tooMany() throws {
        let cluster = try Self.cluster(["machines": "[17]"])
        #expect(throws: UsageError.self) { try ClusterForecast(PublishedShape.twoBillion.decoder, cluster) }
    }
}
