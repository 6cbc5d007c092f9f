internal import CKernels

/// A zeroed block of memory on huge pages where there are any, freed with its owner.
///
/// Pages come with the first write, so a large block that is never used costs nothing.
package final class ScratchMemory {
    package let byteCount: Int
    package let base: UnsafeMutableRawPointer

    package init(byteCount: Int) {
        guard let base = ck_allocate(byteCount) else { preconditionFailure("no memory for \(byteCount) bytes") }
        self.byteCount = byteCount
        self.base = base
    }

    deinit { ck_free(base, byteCount) }

    package var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
