package import Diagnostics

/// Why an image cannot be used; the sentence speaks of "the image" and leaves its name to the caller.
package enum ImageError: OperatorError, Equatable {
    /// No bytes at all.
    case empty
    /// The first bytes are not those of a format that is read; `found` has an article.
    case notAnImageWeRead(found: String?)
    /// The file is larger than the limit.
    case tooManyBytes(count: Int, limit: Int)
    /// Width · height in the header is larger than the limit.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// Width or height in the header is larger than the limit.
    case tooLong(width: Int, height: Int, limit: Int)
    /// Truncated, corrupted or contradictory; the reason follows a colon.
    case damaged(ImageFormat, reason: String)
    /// A valid file of a kind that is not read.
    case unsupported(ImageFormat, reason: String)
    /// The codec could not get its work area.
    case outOfMemory(ImageFormat)

    package var description: String {
        switch self {
        case .empty: "the image is empty (0 bytes)"
        case .notAnImageWeRead(let found?): "this is \(found), not a JPEG, PNG or WebP image"
        case .notAnImageWeRead(nil): "this is not a JPEG, PNG or WebP image: its first bytes are none of theirs"
        case .tooManyBytes(let count, let limit): "the image file has \(count) bytes, the limit is \(limit)"
        case .tooManyPixels(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, the limit is \(limit) in all"
        case .tooLong(let width, let height, let limit):
            "the image has \(width)×\(height) pixels, the limit is \(limit) a side"
        case .damaged(let format, let reason): "the \(format.rawValue) image is damaged: \(reason)"
        case .unsupported(let format, let reason): "this kind of \(format.rawValue) image is not supported: \(reason)"
        case .outOfMemory(let format): "there is not enough memory to decode the \(format.rawValue) image"
        }
    }

    package var hint: String? {
        switch self {
        case .empty, .damaged: "copy or export the file again"
        case .notAnImageWeRead, .unsupported: "convert it to JPEG, PNG or WebP"
        case .tooManyBytes, .tooManyPixels, .tooLong: "scale the image down; the model sees a few megapixels at most"
        case .outOfMemory: "scale the image down, or give the machine more memory"
        }
    }

    package var exitCode: ExitCode { .usage }
}
