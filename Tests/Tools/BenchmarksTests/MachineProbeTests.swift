import CKernels
import Testing

@testable import Benchmarks
@testable import Kernels

@Suite("The machine's ceilings")
struct MachineProbeTests {
    @Test("every rate is a number above zero", arguments: [1, 2])
    func rates(threads: Int) throws {
        let probe = MachineProbe(pool: ThreadPool(threads: threads), bytes: 3 << 20)
        let rates = [
            probe.readBandwidth(), probe.multiplyAddPeak(rounds: 10), probe.integerDotPeak(rounds: 10),
            probe.matrixProductRate(try OpenBLAS(), side: 17),
        ]
        #expect(rates.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test(
        "probes count two operations a lane, twelve chains and round",
        arguments: ["ref", "avx2", "avxvnni", "avx512", "avx512bf16"]
    )
    func operations(isa: String) throws {
        guard let table = KernelSet.named(isa)?.table.pointee else { return }
        let all = ["ref": (1, 1), "avx2": (8, 32), "avxvnni": (8, 32), "avx512": (16, 64), "avx512bf16": (16, 64)]
        let lanes = try #require(all[isa])
        let (floats, dots) = (table.probe_fma, table.probe_dot)
        var (sum, integer): (Float, Int32) = (0.5, 3)
        #expect(floats(7, &sum) == Double(2 * 12 * 7 * lanes.0))
        #expect(dots(7, &integer) == Double(2 * 12 * 7 * lanes.1))
        #expect(sum != 0.5 && integer != 3)
        guard let pairs = table.probe_bfloat16 else { return }
        sum = 0.5
        #expect(pairs(7, &sum) == Double(4 * 24 * 7 * lanes.0))
        #expect(sum != 0.5)
    }
}
