import Foundation

/// A block of float32 numbers that stays where it is: a work area, allocated once and written in every step.
///
/// The memory is zeroed and aligned to 64 bytes (a cache line, and any SIMD register). It is owned by one
/// object and freed with it. Deliberately not `Sendable`: a rank's buffers belong to the thread that runs its steps.
package final class FloatBuffer {
    package let count: Int
    package let pointer: UnsafeMutablePointer<Float>

    package init(count: Int) {
        precondition(count >= 0, "a buffer of \(count) numbers")
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        memset(raw, 0, bytes)
        pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    package subscript(index: Int) -> Float {
        get { pointer[index] }
        set { pointer[index] = newValue }
    }

    package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
