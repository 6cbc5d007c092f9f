import Testing

@testable import ServingCore

@Suite("Stop strings")
struct StopStringMatcherTests {
    /// Feeds `text` in pieces of `size` characters; returns what came out and whether a stop was met.
    static func run(_ text: String, stops: [String], size: Int) -> (output: String, matched: Bool) {
        var matcher = StopStringMatcher(stops)
        var output = ""
        var rest = Substring(text)
        while !rest.isEmpty {
            output += matcher.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return (output + matcher.finish(), matcher.hasMatched)
    }

    @Test("the text before the first stop comes out, however it is cut", arguments: 1...7)
    func cutsDoNotMatter(size: Int) {
        #expect(Self.run("one two STOP three", stops: ["STOP"], size: size) == ("one two ", true))
        #expect(Self.run("one two STO", stops: ["STOP"], size: size) == ("one two STO", false))
        #expect(Self.run("aabaabaac", stops: ["aabaac"], size: size) == ("aab", true))
        #expect(Self.run("猫が好き。終わり", stops: ["。"], size: size) == ("猫が好き", true))
        #expect(Self.run("x\n\ny", stops: ["\n\n", "y"], size: size) == ("x", true))
        #expect(Self.run("nothing to stop", stops: [], size: size) == ("nothing to stop", false))
        #expect(Self.run("an empty one is no stop", stops: [""], size: size) == ("an empty one is no stop", false))
    }

    @Test("what could become a stop is held back, the rest is not")
    func holdsBackAsLittleAsPossible() {
        var matcher = StopStringMatcher(["end."])
        #expect(matcher.append("the en") == "the ")
        #expect(matcher.append("chantment en") == "enchantment ")
        #expect(matcher.append("d.") == "")
        #expect(matcher.hasMatched)
        #expect(matcher.append("more") == "")
    }
}
