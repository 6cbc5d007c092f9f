internal import CKernels

/// How partial sums travel between hosts.
///
/// Every format but `f32` rounds, so that answers have other bits than those of one host. They still depend on nothing but
/// the model, the tokens and the layout of the ranks.
package enum WireFormat: String, Sendable, CaseIterable {
    /// As they are.
    case f32
    /// To the nearest bfloat16, ties to even.
    case bf16
    /// Groups of 32 as integers from −127 to 127, with a bfloat16 scale each.
    case q8

    package var isExact: Bool { self == .f32 }

    /// Numbers that stay together; slices of a row are whole groups.
    package var group: Int { self == .q8 ? CK_WIRE_GROUP : 1 }

    /// Bytes of a row, or of a part of one, of so many numbers.
    package func bytes(_ count: Int) -> Int {
        switch self {
        case .f32: 4 * count
        case .bf16: 2 * count
        case .q8: count + 2 * ((count + group - 1) / group)
        }
    }

    /// Writes numbers as they travel, and rounds those that stay to the same values.
    package func pack(_ numbers: UnsafeMutablePointer<Float>, count: Int, into place: UnsafeMutableRawPointer) {
        switch self {
        case .f32: place.copyMemory(from: numbers, byteCount: 4 * count)
        case .bf16: ck_wire_pack_bfloat16(numbers, count, place)
        case .q8: ck_wire_pack_int8(numbers, count, place)
        }
    }

    /// The numbers that have travelled.
    package func unpack(_ place: UnsafeRawPointer, count: Int, into numbers: UnsafeMutablePointer<Float>) {
        switch self {
        case .f32: UnsafeMutableRawPointer(numbers).copyMemory(from: place, byteCount: 4 * count)
        case .bf16: ck_wire_unpack_bfloat16(place, count, numbers)
        case .q8: ck_wire_unpack_int8(place, count, numbers)
        }
    }
}
