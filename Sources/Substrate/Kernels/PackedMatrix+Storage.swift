internal import CKernels
package import Tensors

extension PackedMatrix {
    /// How the weights are kept.
    package enum Storage: Sendable, CaseIterable {
        case float32, bfloat16, float16
        /// Pairs of columns in bfloat16, whose products round the tokens to bfloat16 as well.
        case bfloat16Pairs
        /// Groups of 32 columns of a row: integers of 8 or 4 bits and a half-precision scale, 8.5 and 4.5 bits a weight.
        case q8, q4

        /// The storages that keep every bit of a checkpoint, and of the tokens that they multiply.
        package static let floats: [Storage] = [.float32, .bfloat16, .float16]

        package init(_ type: ElementType) {
            switch type {
            case .float32: self = .float32
            case .bfloat16: self = .bfloat16
            case .float16: self = .float16
            }
        }

        package var isQuantised: Bool { self == .q8 || self == .q4 }

        /// Columns that share a scale; 1 where there is none.
        package var groupColumns: Int { isQuantised ? CK_GROUP_COLUMNS : 1 }

        /// Whether rows of numbers of this type can become rows of this storage.
        package func packs(_ type: ElementType) -> Bool {
            isQuantised || self == .bfloat16Pairs || self == Storage(type)
        }

        /// The type of numbers that these bytes are, if they are floats.
        package var elementType: ElementType? {
            switch self {
            case .float32: .float32
            case .bfloat16, .bfloat16Pairs: .bfloat16
            case .float16: .float16
            case .q8, .q4: nil
            }
        }

        var floatCode: ck_storage? {
            switch self {
            case .float32: CK_FLOAT32
            case .bfloat16: CK_BFLOAT16
            case .float16: CK_FLOAT16
            case .bfloat16Pairs: CK_BFLOAT16_PAIRS
            case .q8, .q4: nil
            }
        }

        var quantCode: ck_quant? {
            switch self {
            case .float32, .bfloat16, .float16, .bfloat16Pairs: nil
            case .q8: CK_Q8
            case .q4: CK_Q4
            }
        }
    }
}
