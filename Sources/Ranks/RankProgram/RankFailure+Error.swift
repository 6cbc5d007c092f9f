internal import Diagnostics
internal import ImagePreprocessing
internal import Requests

extension RankFailure {
    /// An error as it travels to the person in front.
    ///
    /// - Parameter image: the image that could not be encoded; `nil` when the rank itself cannot go on.
    init(_ error: any Error, image: Int32? = nil) {
        guard let error = error as? any OperatorError else {
            self.init(.internal, image: image, message: "\(error)")
            return
        }
        self.init(
            image == nil ? .ofRank : Self.isOfImage(error) ? .badImage : .internal,
            image: image,
            exitCode: error.exitCode.rawValue,
            message: error.description,
            hint: error.hint
        )
    }

    /// Whether it is the image that is to blame, and not the machine.
    private static func isOfImage(_ error: any OperatorError) -> Bool {
        guard let error = error as? ImageError else { return false }
        if case .outOfMemory = error { return false }
        return true
    }
}
