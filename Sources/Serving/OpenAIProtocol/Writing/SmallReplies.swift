internal import JSON

/// Answers that take no ranks.
package enum SmallReplies {
    package static func version(_ version: String) -> HTTPReply {
        HTTPReply(json: JSONBytes.object { $0.member("version", version) })
    }

    package static func live() -> HTTPReply { HTTPReply(json: JSONBytes.object { $0.member("status", "live") }) }

    /// The list of models, or one by its name.
    ///
    /// - Parameter created: seconds since 1970.
    package static func models(_ names: ModelNames, created: Int, contextTokens: Int) -> HTTPReply {
        let model = model(names, created, contextTokens)
        return HTTPReply(
            json: JSONBytes.object { json in
                json.member("object", "list")
                json.array("data") { $0.raw(model) }
            }
        )
    }

    /// - Throws: `model_not_found`.
    package static func model(
        _ name: String,
        _ names: ModelNames,
        created: Int,
        contextTokens: Int
    ) throws(APIError) -> HTTPReply {
        try names.check(name)
        return HTTPReply(json: model(names, created, contextTokens))
    }

    private static func model(_ names: ModelNames, _ created: Int, _ contextTokens: Int) -> [UInt8] {
        JSONBytes.object { json in
            json.member("id", names.id)
            json.member("object", "model")
            json.member("created", created)
            json.member("owned_by", "flotilla")
            json.member("max_model_len", contextTokens)
            json.object("architecture") { json in
                json.array("input_modalities") { json in
                    json.value("text")
                    json.value("image")
                }
                json.array("output_modalities") { $0.value("text") }
            }
        }
    }

    package static func tokens(_ ids: [Int32], contextTokens: Int) -> [UInt8] {
        var tokens: [UInt8] = []
        JSONText.append(ids, to: &tokens)
        return JSONBytes.object { json in
            json.member("count", ids.count)
            json.member("max_model_len", contextTokens)
            json.member("tokens", raw: tokens)
        }
    }

    package static func text(_ text: String) -> [UInt8] {
        JSONBytes.object { json in
            json.member("prompt", text)
            json.member("content", text)
        }
    }

    /// What COUNT says, under the API's names.
    ///
    /// - Parameter count: the object that the line answers with.
    package static func inputTokens(count: String) -> [UInt8] {
        let value = Array(count.utf8).withUnsafeBytes { try? JSONValue(parsing: $0) }
        var fields = value?.object ?? [:]
        let prompt = fields.removeValue(forKey: "prompt_tokens")?.exactInteger ?? 0
        return JSONBytes.object { json in
            json.member("object", "response.input_tokens")
            json.member("input_tokens", prompt)
            json.members(fields)
        }
    }
}
