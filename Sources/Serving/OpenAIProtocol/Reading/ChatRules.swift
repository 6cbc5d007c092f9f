package import Requests

/// What the operator has decided about requests to the API.
package struct ChatRules: Sendable {
    /// What the model is called, first of all by itself.
    package var models: ModelNames
    /// Whether the model is asked to reason where a request does not say.
    package var think: ThinkMode
    /// Tokens of an answer where a request does not say; `nil`: to the end of the context.
    package var maxAnswer: Int?
    /// Whether pictures may be named by path.
    package var allowsPaths: Bool
    /// Bytes of a picture.
    package var maxPicture: Int

    package init(models: ModelNames, think: ThinkMode, maxAnswer: Int?, allowsPaths: Bool, maxPicture: Int) {
        (self.models, self.think, self.maxAnswer) = (models, think, maxAnswer)
        (self.allowsPaths, self.maxPicture) = (allowsPaths, maxPicture)
    }
}

/// The names of the one model.
package struct ModelNames: Sendable {
    package let id: String
    private let others: Set<String>

    package init(id: String, aliases: [String]) {
        self.id = id
        others = Set(aliases + [id, id.split(separator: "/").last.map(String.init) ?? id])
    }

    /// Refuses a name that is not the model's; none, and an empty one, is as good as its own.
    package func check(_ name: String?) throws(APIError) {
        guard let name, !name.isEmpty, !others.contains(name) else { return }
        let what = "there is no model \"\(name.prefix(120))\"; the one that is served is \"\(id)\""
        throw .invalid(what, param: "model", code: "model_not_found", status: 404)
    }
}
