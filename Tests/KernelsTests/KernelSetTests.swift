import CKernels
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
}
