import Diagnostics
import Foundation
import Frontend
import ServingCore
import Tokenization

extension RequestPreparer {
    /// Prepares a conversation whose pictures are files.
    ///
    /// - Parameter directory: what the pictures' paths are relative to.
    /// - Throws: what is wrong, with the place in the conversation's file if it came from one.
    func prepare(_ request: ConversationRequest, picturesIn directory: URL) throws -> PreparedRequest {
        let names = request.messages.images.map { PictureName(text: $0) }
        let images = try names.enumerated().map { index, name in
            try request.naming(picture: index) { try name.bytes(in: directory) }
        }
        do {
            return try prepare(request, images: images)
        } catch let error as PictureError {
            let index = request.messages.images.firstIndex(of: error.name) ?? 0
            throw request.placed(PictureError(name: names[index].shown, cause: error.cause), picture: index)
        } catch let error as any OperatorError {
            throw request.placed(error)
        }
    }
}

extension ConversationRequest {
    fileprivate func naming<Value>(picture index: Int, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as any OperatorError { throw placed(error, picture: index) }
    }

    /// The error with the place before it, where the conversation came from a file.
    fileprivate func placed(_ error: any OperatorError, picture: Int? = nil) -> any OperatorError {
        guard let origin else { return error }
        guard let picture else { return PlacedError(place: origin, cause: error) }
        return PlacedError(place: "\(origin): \(place(ofPicture: picture))", cause: error)
    }

    /// Where a picture stands: `messages[0].content[1]`.
    private func place(ofPicture picture: Int) -> String {
        var before = 0
        for (number, message) in messages.enumerated() {
            for (part, content) in message.parts.enumerated() {
                guard case .image = content else { continue }
                if before == picture { return "messages[\(number)].content[\(part)]" }
                before += 1
            }
        }
        return "messages"
    }
}

/// An error with the place before it that has to be mended.
private struct PlacedError: OperatorError {
    let place: String
    let cause: any OperatorError

    var description: String { "\(place): \(cause.description)" }
    var hint: String? { cause.hint }
    var exitCode: Diagnostics.ExitCode { cause.exitCode }
}
