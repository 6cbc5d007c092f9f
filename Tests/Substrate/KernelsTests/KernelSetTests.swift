import CKernels
import Foundation
import Kernels
import Testing

@Suite("Kernel sets")
struct KernelSetTests {
    @Test("the reference runs everywhere and an unknown set nowhere")
    func names() {
        #expect(KernelSet.named("ref")?.name == "ref")
        #expect(KernelSet.named("abacus") == nil)
        #expect(everySet.map(\.name).contains(KernelSet.active.name))
        #expect(String(cString: ckernels_isa_name()) == KernelSet.active.name)
    }

    @Test("every set of this machine is whole, and a hole has a name")
    func holes() throws {
        for table in [referenceTable] + fastTables { #expect(ckernels_hole(table) == nil) }
        var table = referenceTable.pointee
        _ = withUnsafeMutableBytes(of: &table.rms_norm) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        #expect(ckernels_hole(&table).map { String(cString: $0) } == "rms_norm")
        table = referenceTable.pointee
        _ = withUnsafeMutableBytes(of: &table.kv_store.2) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        #expect(ckernels_hole(&table).map { String(cString: $0) } == "kv_store")
    }

    @Test("all names are known, the slowest first")
    func allNames() { #expect(KernelSet.names == ["ref", "avx2", "avxvnni", "avx512", "avx512bf16"]) }

    /// The check at start compares with two multiply-adds, and must not turn processors away that compute the same.
    @Test("a processor that multiplies bfloat16 is made use of", arguments: ["avx512_bf16"])
    func bfloat16(flag: String) throws {
        let processors = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let able = [flag, "avx512_vnni"].allSatisfy(processors.contains)
        #expect((KernelSet.named("avx512bf16") != nil) == able)
    }
}
