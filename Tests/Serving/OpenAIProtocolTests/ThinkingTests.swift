import Requests
import Testing
import WireProtocol

@testable import OpenAIProtocol

/// The many names of reasoning, and which of them wins.
struct ThinkingTests {
    static func thinking(_ members: String, http: ThinkMode = .auto) throws -> (ThinkMode, Int?) {
        var rules = Samples.rules
        rules.think = http
        let options = try Samples.request(members, rules).generate.options
        return (options.think, options.thinkBudget)
    }

    @Test("An effort sets a budget, and turns reasoning on only where the operator has")
    func efforts() throws {
        let budgets: [(String, Int?)] = [
            ("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", nil), ("xhigh", nil),
        ]
        for (effort, budget) in budgets {
            for members in [#""reasoning_effort":"\#(effort)""#, #""reasoning":{"effort":"\#(effort)"}"#] {
                for mode in ThinkMode.allCases { #expect(try Self.thinking(members, http: mode) == (mode, budget)) }
            }
        }
        #expect(try Self.thinking(#""reasoning_effort":"none""#, http: .on) == (.off, nil))
    }

    @Test("enable_thinking wins over effort, and our own names over all")
    func precedence() throws {
        for name in [#""enable_thinking":true"#, #""chat_template_kwargs":{"enable_thinking":true}"#] {
            #expect(try Self.thinking(#""reasoning_effort":"none",\#(name)"#) == (.on, nil))
        }
        #expect(try Self.thinking(#""enable_thinking":false,"reasoning_effort":"low""#) == (.off, 2048))
        #expect(try Self.thinking(#""think":"on","enable_thinking":false"#) == (.on, nil))
        #expect(try Self.thinking(#""think":true"#) == (.on, nil))
        #expect(try Self.thinking(#""think_budget":5,"reasoning_effort":"low""#) == (.auto, 5))
        #expect(try Self.thinking(#""thinking_token_budget":6"#) == (.auto, 6))
        #expect(try Self.thinking(#""reasoning":{"max_tokens":7,"effort":"medium"}"#) == (.auto, 7))
        #expect(try Self.thinking("") == (.auto, nil))
        #expect(try Self.thinking("", http: .on) == (.on, nil))
    }

    @Test("Where the reasoning goes")
    func style() throws {
        let cases: [(String, ChatRequest.Reasoning)] = [
            ("", .apart), (#""include_reasoning":false"#, .hidden), (#""reasoning_format":"hidden""#, .hidden),
            (#""reasoning_format":"inline""#, .inline), (#""reasoning_format":"none""#, .inline),
            (#""separate_reasoning":false"#, .inline), (#""separate_reasoning":true"#, .apart),
            (#""reasoning_format":"deepseek""#, .apart),
            (#""include_reasoning":false,"reasoning_format":"none""#, .hidden),
        ]
        for (members, style) in cases { #expect(try Samples.request(members).reasoning == style, "\(members)") }
        #expect(Samples.error(#""reasoning_format":"loud""#)?.param == "reasoning_format")
    }
}
