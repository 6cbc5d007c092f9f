package import Requests

/// A request made ready for the ranks: its tokens, its pictures, and the names of its pages.
package struct Preparation: Sendable {
    package var options: RequestOptions
    package var request: PreparedRequest
    /// The names of the pages that the prompt fills in the KV cache.
    package var pageKeys: [PageKey]
    /// Of the answer, at most.
    package var maxTokens: Int
    package var seed: UInt64
    /// What its sender calls it, for the log.
    package var label: String?
    /// A request with the same prompt: this one waits until that has been read, and finds it in the prefix cache.
    package var sharesPromptOf: Ticket?

    package init(
        options: RequestOptions,
        request: PreparedRequest,
        pageKeys: [PageKey],
        maxTokens: Int,
        seed: UInt64
    ) {
        self.options = options
        self.request = request
        self.pageKeys = pageKeys
        self.maxTokens = maxTokens
        self.seed = seed
    }

    /// A request whose answer may be as long as it asks for.
    package init(options: RequestOptions, request: PreparedRequest, pageTokens: Int) {
        self.init(
            options: options,
            request: request,
            pageKeys: request.pageKeys(pageTokens: pageTokens),
            maxTokens: request.maxTokens,
            seed: request.seed
        )
    }
}
