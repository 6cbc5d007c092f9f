import Testing

@testable import Inference

@Suite("The pace of prompts beside decoding streams")
struct StepPacerTests {
    /// A machine whose step takes a fixed time, and more for each token of a prompt.
    struct Machine {
        var alone = 0.010
        var each = 0.0005
        func seconds(_ prompt: Int) -> Double { alone + each * Double(prompt) }
    }

    static func run(_ pacer: inout StepPacer, _ machine: Machine, steps: Int) -> [(prompt: Int, seconds: Double)] {
        (0..<steps).map { _ in
            let prompt = pacer.budget(decoding: 1).prompts
            pacer.note(decoding: 1, prompt: prompt, seconds: machine.seconds(prompt))
            return (prompt, machine.seconds(prompt))
        }
    }

    @Test("with nobody decoding, prompts get whole chunks")
    func alone() {
        var pacer = StepPacer(slowdown: 1.3, chunk: 256)
        #expect(pacer.budget(decoding: 0, urgent: 9) == .init(prompts: 256))
        var unbounded = StepPacer(slowdown: nil, chunk: 256)
        #expect(unbounded.budget(decoding: 5, urgent: 9) == .init(prompts: 256))
    }

    @Test(
        "steps settle at the slowdown that is allowed, and go on being measured without prompts",
        arguments: [1.2, 1.5, 2]
    )
    func settles(slowdown: Double) {
        var pacer = StepPacer(slowdown: slowdown, chunk: 256)
        let machine = Machine()
        let steps = Self.run(&pacer, machine, steps: 200)
        #expect(steps.allSatisfy { $0.seconds <= machine.alone * slowdown * 1.15 })
        let late = steps.suffix(50).filter { $0.prompt > 0 }.map(\.seconds)
        let fit = Int((slowdown - 1) * machine.alone / machine.each)
        #expect(late.allSatisfy { $0 >= machine.seconds(fit / 2) })
        #expect(steps.suffix(50).contains { $0.prompt == 0 })
    }

    @Test("a prompt always gets on, however slow its tokens are")
    func progress() {
        var pacer = StepPacer(slowdown: 1.1, chunk: 256)
        let steps = Self.run(&pacer, Machine(alone: 0.001, each: 0.1), steps: 100)
        #expect(steps.filter { $0.prompt == 1 }.count > 80)
    }

    @Test("when the machine gets slower, chunks shrink at once")
    func shrinks() {
        var pacer = StepPacer(slowdown: 1.5, chunk: 256)
        _ = Self.run(&pacer, Machine(), steps: 100)
        let before = Self.run(&pacer, Machine(), steps: 20).map(\.prompt).max() ?? 0
        let after = Self.run(&pacer, Machine(each: 0.002), steps: 20).suffix(10).map(\.prompt).max() ?? 0
        #expect(after * 2 < before)
    }

    @Test("what short prompts need beyond the pace is granted at once, also where a step was to be measured")
    func urgent() {
        var pacer = StepPacer(slowdown: 1.2, chunk: 256)
        #expect(pacer.budget(decoding: 1, urgent: 20) == .init(prompts: 2, urgent: 19))
        #expect(pacer.budget(decoding: 1, urgent: 1) == .init(prompts: 2))
        #expect(pacer.budget(decoding: 1) == .init(prompts: 0))
    }

    @Test("a flood of short prompts uses the credit up, and then has the pace and as much again")
    func flood() {
        var pacer = StepPacer(slowdown: 1.2, chunk: 64)
        let machine = StepPacerTests.Machine(alone: 0.010, each: 0.0005)
        _ = Self.run(&pacer, machine, steps: 100)
        var granted = 0
        var paced = 0
        for _ in 0..<1000 {
            let budget = pacer.budget(decoding: 1, urgent: 60)
            #expect(budget.prompts + budget.urgent <= 64)
            granted += budget.urgent
            paced += budget.prompts
            let prompt = budget.prompts + budget.urgent
            pacer.note(decoding: 1, prompt: prompt, seconds: machine.seconds(prompt))
        }
        #expect(granted <= 128 + paced + 1000, "two chunks, and the pace once more")
        #expect(granted > paced / 2)
    }
}
