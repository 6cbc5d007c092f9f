package import Diagnostics
package import JSON

/// Why a checkpoint's tokenizer files cannot be used.
package enum TokenizerError: OperatorError, Equatable {
    /// No file of that name is in the checkpoint's directory.
    case missing(file: String, directory: String)
    /// The file is there and cannot be read.
    case unreadable(file: String, reason: String)
    /// The file's JSON is broken or not what its place asks for.
    case malformed(file: String, JSONFailure)
    /// A value that contradicts another one or that this tokenizer does not support.
    case invalid(file: String, field: String, expected: String, found: String)

    package var description: String {
        switch self {
        case .missing(let file, let directory): "\(directory): there is no \(file)"
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .malformed(let file, let failure): "\(file): \(failure)"
        case .invalid(let file, let field, let expected, let found):
            "\(file): \"\(field)\": expected \(expected), found \(found)"
        }
    }

    package var hint: String? {
        switch self {
        case .missing:
            "a checkpoint has either tokenizer.json or vocab.json and merges.txt; check --model"
        case .unreadable:
            "check the file's permissions"
        case .malformed, .invalid:
            "the file is damaged or belongs to another model; download the checkpoint again"
        }
    }

    package var exitCode: ExitCode { .checkpoint }
}
