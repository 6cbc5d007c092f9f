package import Diagnostics
import Foundation

/// Reads image files from disk, within the limits.
package enum ImageFile {
    /// The bytes of the file at `path`; pipes are fine, and never more than the limit is read.
    package static func read(_ path: String, limits: ImageLimits = .standard) throws(ImageFileError) -> [UInt8] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ImageFileError(file: path, reason: "no such file")
        }
        if isDirectory.boolValue { throw ImageFileError(file: path, reason: "this is a directory, not an image") }
        let found: Data?
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            found = try handle.read(upToCount: limits.maxBytes + 1)
        } catch {
            throw ImageFileError(file: path, reason: "cannot be read (\(Self.cause(error)))")
        }
        let bytes = [UInt8](found ?? Data())
        if bytes.isEmpty { throw ImageFileError(file: path, .empty) }
        if bytes.count > limits.maxBytes {
            let reason = "the file is larger than the limit of \(limits.maxBytes) bytes"
            throw ImageFileError(file: path, reason: reason, hint: "scale the image down")
        }
        return bytes
    }

    /// The decoded image of the file at `path`.
    package static func decode(_ path: String, limits: ImageLimits = .standard) throws(ImageFileError) -> DecodedImage {
        let bytes = try read(path, limits: limits)
        do throws(ImageError) {
            return try DecodedImage(decoding: bytes, limits: limits)
        } catch {
            throw ImageFileError(file: path, error)
        }
    }

    /// The system's own words, without Foundation's frame around them.
    private static func cause(_ error: any Error) -> String {
        let error = error as NSError
        let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        return inner.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(inner.code))) : "\(inner.domain) \(inner.code)"
    }
}

/// An image error with the file's name before it.
package struct ImageFileError: OperatorError, Equatable {
    package let description: String
    package let hint: String?
    package var exitCode: ExitCode { .usage }

    package init(file: String, _ error: ImageError) {
        self.init(file: file, reason: error.description, hint: error.hint)
    }

    init(file: String, reason: String, hint: String? = nil) {
        description = "\(file): \(reason)"
        self.hint = hint
    }
}
