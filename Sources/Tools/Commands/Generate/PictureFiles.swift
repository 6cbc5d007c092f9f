import ServingCore
import Foundation
import Frontend
import ImagePreprocessing
import Tokenization

extension RequestPreparer {
    /// Prepares a conversation whose pictures are files.
    ///
    /// - Parameter directory: what the pictures' paths are relative to.
    func prepare(_ request: ConversationRequest, picturesIn directory: URL) throws -> PreparedRequest {
        let images = try request.messages.images.map { path in
            let file = path.hasPrefix("/") ? URL(fileURLWithPath: path) : directory.appendingPathComponent(path)
            return try ImageFile.read(file.path)
        }
        return try prepare(request, images: images)
    }
}
