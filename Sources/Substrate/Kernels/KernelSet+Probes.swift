internal import CKernels

/// What one thread can do with this instruction set: the loops that benchmarks take their ceilings from.
extension KernelSet {
    /// Reads memory in four streams; the sum depends on all of it.
    @discardableResult
    package func readStreams(_ memory: UnsafeRawPointer, byteCount: Int) -> UInt64 {
        table.pointee.probe_read(memory, byteCount)
    }

    /// Fused multiply-adds of float32 in registers, in so many rounds.
    ///
    /// - Returns: the floating-point operations that were done, two a multiply-add.
    @discardableResult
    package func multiplyAdds(rounds: Int) -> Double {
        var result: Float = 0.5
        return table.pointee.probe_fma(rounds, &result)
    }

    /// Products of bfloat16 added up in float32: dot products of pairs where the processor has them, else multiply-adds.
    @discardableResult
    package func bfloat16Dots(rounds: Int) -> Double {
        guard let probe = table.pointee.probe_bfloat16 else { return multiplyAdds(rounds: rounds) }
        var result: Float = 0.5
        return probe(rounds, &result)
    }

    /// Products of eight-bit integers, added up in registers.
    ///
    /// - Returns: the operations that were done, two a product.
    @discardableResult
    package func integerDots(rounds: Int) -> Double {
        var result: Int32 = 3
        return table.pointee.probe_dot(rounds, &result)
    }
}
