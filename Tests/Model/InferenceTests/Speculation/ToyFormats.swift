import Constraints

/// Formats over a vocabulary of letters, for models that are functions.
enum ToyFormats {
    /// Token n is the letter n of the alphabet, 0 being `a`; 1 ends an answer; three more are several letters.
    static let vocabulary = TokenVocabulary(size: 17, ends: [1]) { token in
        switch token {
        case 0, 1: []
        case 14: Array("kl".utf8)
        case 15: Array("klm".utf8)
        case 16: Array("mk".utf8)
        default: [UInt8(ascii: "a") + UInt8(token)]
        }
    }

    static let all: [AnswerFormat] = [
        .regex("[k-m]{4,40}"), .regex("(?:klm){2,12}"), .choice(["klmklm", "lmk", "cde"]),
        .regex("k(?:lmklm|mkl){1,20}n"),
        .regex("[c-n]{3}(?:mk)*"),
    ]

    static func constraint(_ format: AnswerFormat) -> Constraint {
        do { return try Constraint(format, vocabulary) } catch { fatalError("\(format): \(error)") }
    }
}
